// How many bytes of the heap a request allocates. A process of its own, so that nothing else allocates; its young
// generation is so large that nothing is collected meanwhile. Prints one line for each kind of request.
import { PerformanceObserver } from "node:perf_hooks";
import { pino } from "pino";

import { createApplication } from "../../../src/application.js";
import { openDispatcher } from "../../../src/bridges/open-dispatcher.js";
import { ApplicationSide } from "../../../src/protocol/application-side/application-side.js";
import type { ApplicationSideHost } from "../../../src/protocol/application-side/application-side-host.js";
import { defaultServerLimits, defaultServerTimeouts } from "../../../src/server/options.js";
import { authorize, get } from "../../support/records.js";
import { Gate, Site } from "./site.js";

const WARM_UP = 10_000;
const REQUESTS = 10_000;

const log = pino({ level: "silent" });
const host: ApplicationSideHost = {
  outputQueued() {},
  activeChanged() {},
  bufferedChanged() {},
  breakConnection: () => process.exit(1),
  now: () => 0,
  admit: () => true,
  values: { FCGI_MAX_CONNS: "1", FCGI_MAX_REQS: "1", FCGI_MPXS_CONNS: "0" },
};

const collections: number[] = [];
new PerformanceObserver((list) => {
  for (const { startTime } of list.getEntries()) collections.push(startTime);
}).observe({ entryTypes: ["gc"] });

/** A connection without a socket, so that what is counted is this project's own. */
async function measure(name: string, request: Buffer, controllers: readonly (typeof Site | typeof Gate)[]) {
  const application = await openDispatcher(createApplication({ controllers, log }).roles);
  const side = new ApplicationSide(application, host, {
    limits: defaultServerLimits,
    times: defaultServerTimeouts,
  });
  const send = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 1) {
      side.receive(request);
      // An answer that is not there at once is there when all promises have settled.
      if (side.activeCount > 0) await new Promise(setImmediate);
      if (side.activeCount > 0) throw new Error(`${name} was not answered`);
      side.output.take();
    }
  };
  await send(WARM_UP);
  globalThis.gc!();
  const started = performance.now();
  const before = process.memoryUsage().heapUsed;
  await send(REQUESTS);
  const bytes = (process.memoryUsage().heapUsed - before) / REQUESTS;
  // Node.js tells the observer in a turn of its own, and that tells us in the next.
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  const disturbed = collections.some((time) => time > started);
  console.log(JSON.stringify({ name, bytes: Math.round(bytes), disturbed }));
}

await measure("at once", get(1, "/now"), [Site]);
await measure("async", get(1, "/soon"), [Site]);
await measure("schema", get(1, "/items/1?page=2"), [Site]);
await measure("authorizer", authorize(1, "/"), [Gate]);
