// The same Hono application behind FastCGI. Unless it is told "platform", it does what Hono's own server does unasked.
import { serve } from "tricorn";
import { fetchHandler, replaceFetchGlobals } from "tricorn/adapters";

import { app } from "./hono-app.js";
import { socketPath } from "./socket-path.js";

process.env["TRICORN_LOG_LEVEL"] ??= "warn";
if (process.argv[3] !== "platform") replaceFetchGlobals();
await serve([fetchHandler(app.fetch)], socketPath);
