// The application of the drill on one of several hosts: its answers name the host, and it notes each request.
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { createApplication, serve, type Middleware, type RequestEvent } from "tricorn";

import { HOST, HOST_FIELD, IN_PROCESS, JOURNAL } from "../contract.js";
import { controllers } from "../controllers.js";

const { [HOST]: host = "", [JOURNAL]: journal = "", [IN_PROCESS]: inProcess } = process.env;

/** In one write for each request, which other workers of the host do not interrupt. */
function note(what: "begin" | "end"): (message: unknown) => void {
  return (message) => {
    const { method, path, trace } = message as RequestEvent;
    if (trace !== undefined) appendFileSync(journal, `${what} ${method} ${path} ${trace.traceId}\n`);
  };
}

subscribe("tricorn.request.start", note("begin"));
subscribe("tricorn.request.end", note("end"));

const named: Middleware = async (_request, next) => {
  const answer = await next();
  answer.headers.set(HOST_FIELD, host);
  return answer;
};

await serve(createApplication({ controllers, middleware: [named] }), undefined, {
  vouchesFor: ["AUTH_USER", "REMOTE_USER"],
  bridges: { authorizer: { inProcess: inProcess !== undefined } },
});
