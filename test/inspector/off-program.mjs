// Counts the calls of functions of src/client, src/gateway and src/inspector in one GET, without and with an inspector.
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { Session } from "node:inspector/promises";

import { FastCgiClient } from "../../src/client/index.ts";
import { Gateway } from "../../src/gateway/index.ts";
import { Inspector } from "../../src/inspector/index.ts";
import { serve } from "../../src/index.ts";
import { responder } from "../support/routes.ts";

const WATCHED = /\/src\/(client|gateway|inspector)\//;

const session = new Session();
session.connect();

async function get(url) {
  const request = httpRequest(url, { agent: false });
  request.end();
  const [response] = await once(request, "response");
  response.resume();
  await once(response, "end");
}

/** How often each function is called by one request, by file and name. */
async function callsOf(url) {
  for (let count = 0; count < 5; count += 1) await get(url);
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await session.post("Profiler.takePreciseCoverage");
  await get(url);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  await session.post("Profiler.disable");
  return result
    .filter((script) => WATCHED.test(script.url))
    .flatMap(({ url: file, functions }) =>
      functions
        .filter(({ ranges: [range] }) => range.count > 0)
        .map(({ functionName }) => `${WATCHED.exec(file)[1]} ${functionName || "(anonymous)"}`),
    );
}

const server = await serve([responder({ "GET /": () => "hello" })], "127.0.0.1:0", { signals: false });
const calls = {};
for (const name of ["off", "on"]) {
  const inspector = new Inspector();
  const client = new FastCgiClient({
    address: server.address,
    ...(name === "on" && { observe: inspector.client }),
  });
  const gateway = new Gateway({
    application: client,
    root: ".",
    routes: { protect: [], filter: [], respond: ["/"] },
    port: 0,
    ...(name === "on" && { observe: inspector.gateway }),
  });
  const { url } = await gateway.listen();
  calls[name] = await callsOf(`${url}/`);
  await gateway.close();
  await client.close();
}
await server.close();
console.log(JSON.stringify(calls));
