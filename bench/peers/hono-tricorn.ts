// The same Hono application over FastCGI, with the default of Hono's own server, except with the argument "platform".
import { serve } from "tricorn";
import { fetchHandler, replaceFetchGlobals } from "tricorn/adapters";

import { app } from "./hono-app.js";
import { socketPath } from "./socket-path.js";

process.env["TRICORN_LOG_LEVEL"] ??= "warn";
if (process.argv[3] !== "platform") replaceFetchGlobals();
await serve([fetchHandler(app.fetch)], socketPath);
