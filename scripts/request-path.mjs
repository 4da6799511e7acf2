// Prints the files of src/ that one GET of a decorated responder runs through, in the order of their first call, with the
// functions of each: `npm run request-path`, or `npm run request-path -- --json`. Loading TypeScript is the npm script's task.
//
// The request uses an open TCP connection, to a process that has answered others before. The functions are
// from V8's precise coverage, their order from log points, one at the start of each function that ran.
import { once } from "node:events";
import { Session } from "node:inspector/promises";
import { connect } from "node:net";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";

import { createApplication, serve } from "../src/index.ts";
import { get } from "../test/support/records.ts";
import { Site } from "../test/long/performance/site.ts";

const source = new URL("../src/", import.meta.url).href;
const WARM_UP = 100;
/** Version and type of the record that ends an answer. */
const END_REQUEST = Buffer.from([1, 3]);

const session = new Session();
session.connect();

/** Sends one GET over the connection and resolves when its END_REQUEST has arrived and the connection is idle again. */
async function request(connection) {
  connection.write(get(1, "/now"));
  let answer = Buffer.alloc(0);
  while (!answer.subarray(-16, -14).equals(END_REQUEST)) {
    const [chunk] = await once(connection, "data");
    answer = Buffer.concat([answer, chunk]);
  }
  if (!answer.includes("Hello")) throw new Error("The request was not answered");
  await new Promise(setImmediate);
}

/** The functions of src/ that one request calls. */
async function functionsOf(connection) {
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  await session.post("Profiler.takePreciseCoverage"); // counts start at 0 again
  await request(connection);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  await session.post("Profiler.disable");
  return result
    .filter(({ url }) => url.startsWith(source))
    .flatMap(({ scriptId, url, functions }) =>
      functions
        .filter(({ ranges: [range] }) => range.count > 0)
        .map(({ functionName, ranges: [{ startOffset, endOffset }] }) => ({
          name: functionName || "(anonymous)",
          file: relative(process.cwd(), fileURLToPath(url)),
          scriptId,
          startOffset,
          endOffset,
        })),
    );
}

/** The same functions in the order in which one more request calls them first. */
async function inOrder(functions, connection) {
  const calls = (globalThis.requestPathCalls = []);
  await session.post("Debugger.enable");
  for (const [index, one] of functions.entries()) {
    const { scriptSource } = await session.post("Debugger.getScriptSource", { scriptId: one.scriptId });
    const start = positionOf(scriptSource, one.startOffset);
    const { locations } = await session.post("Debugger.getPossibleBreakpoints", {
      start: { scriptId: one.scriptId, ...start },
      end: { scriptId: one.scriptId, ...positionOf(scriptSource, one.endOffset) },
      restrictToFunction: true,
    });
    const location = locations[0] ?? { scriptId: one.scriptId, ...start };
    // The condition is never true, so nothing is paused.
    const condition = `void requestPathCalls.push(${index})`;
    await session.post("Debugger.setBreakpoint", { location, condition });
  }
  await request(connection);
  await session.post("Debugger.disable");
  return [...new Set(calls)].map((index) => functions[index]);
}

function positionOf(text, offset) {
  const before = text.slice(0, offset).split("\n");
  return { lineNumber: before.length - 1, columnNumber: before.at(-1).length };
}

const log = pino({ level: "silent" });
const served = await serve(createApplication({ controllers: [Site], log }), "127.0.0.1:0", {
  signals: false,
});
const connection = connect(Number(served.address.split(":").at(-1)), "127.0.0.1");
for (let sent = 0; sent < WARM_UP; sent += 1) await request(connection);
const functions = await functionsOf(connection);
const ordered = await inOrder(functions, connection);
connection.destroy();
await served.close();
console.error(
  functions.filter((one) => !ordered.includes(one)).map((one) => [one.name, one.file, one.startOffset]),
);

const files = new Map();
for (const { file, name } of [...ordered, ...functions.filter((one) => !ordered.includes(one))])
  files.set(file, [...(files.get(file) ?? []), name]);
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(Object.fromEntries(files)));
} else {
  for (const [file, names] of files) console.log(`${file}: ${names.join(", ")}`);
  console.log(`${files.size} files, ${functions.length} functions`);
}
