import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Runs before the program: loads what every program needs, which takes longer than most programs, and waits until the program is to
 * be loaded. A process can so be started before it is needed. It ends with its parent, whose channel closes shortly before
 * the process has another parent; one that was killed has not removed its folder.
 */
const SOURCE = `
import { rmSync } from "node:fs";
import process from "node:process";
import { Worker } from "node:worker_threads";
const parent = process.ppid;
process.once("disconnect", async () => {
  for (let turn = 0; turn < 20 && process.ppid === parent; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  if (process.ppid !== parent) rmSync(import.meta.dirname, { recursive: true, force: true });
  process.exit();
});
const asked = new Promise((resolve) => {
  const listener = ({ cmd, body }) => {
    if (cmd !== "NODE_TRICORN" || body?.kind !== "load") return;
    process.off("internalMessage", listener);
    resolve();
  };
  process.on("internalMessage", listener);
});
for (const url of MODULES) await import(url);
process.send({ cmd: "NODE_TRICORN", body: { kind: "waiting" } });
const workerData = { parent, folder: import.meta.dirname };
new Worker(WATCH, { eval: true, workerData, execArgv: [], env: {} }).unref();
process.channel?.ref();
await asked;
process.channel?.unref();
`;

/**
 * Runs in a thread of the process, and ends it with its parent while its event loop stands still. One that turns ends it earlier,
 * as above.
 */
const WATCH = `
const { rmSync } = require("node:fs");
const { workerData: { parent, folder } } = require("node:worker_threads");
let looks = 0;
setInterval(() => {
  if (process.ppid === parent) return;
  looks += 1;
  if (looks < 3) return;
  rmSync(folder, { recursive: true, force: true });
  process.kill(process.pid, "SIGKILL");
}, 500);
`;

/**
 * Writes the module to a folder. It is a file, because @oxc-node/core refuses imports by modules that are none.
 *
 * @param runtime the URLs of modules that are loaded first
 * @returns its URL, for `--import`
 */
export function writeWaitingModule(
  folder: string,
  { script, runtime }: { readonly script: string; readonly runtime: readonly string[] },
): string {
  const found = packageOf(script);
  const modules = found === undefined ? runtime : [...runtime, found];
  const path = join(folder, "wait.mjs");
  writeFileSync(
    path,
    SOURCE.replace("MODULES", JSON.stringify(modules)).replace("WATCH", JSON.stringify(WATCH)),
  );
  return pathToFileURL(path).href;
}

/** What the program imports as "tricorn"; undefined if that is not where packages are, as in a checkout of this one. */
function packageOf(script: string): string | undefined {
  try {
    return pathToFileURL(createRequire(script).resolve("tricorn")).href;
  } catch {
    return undefined;
  }
}
