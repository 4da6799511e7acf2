// The same Express application over FastCGI; every check, limit and time-out is on.
import { serve } from "tricorn";
import { nodeListener } from "tricorn/adapters";

import { app } from "./express-app.js";
import { socketPath } from "./socket-path.js";

process.env["TRICORN_LOG_LEVEL"] ??= "warn";
await serve([nodeListener(app)], socketPath);
