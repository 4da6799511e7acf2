// One installation at a time, for processes that start together in one checkout or on one machine.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs `work` while this process holds the lock called `name`. Waits for the holder to finish; a lock whose holder
 * has died is taken over.
 *
 * @param {string} name usable in a file name
 * @param {() => void | Promise<void>} work
 */
export async function withLock(name, work) {
  const folder = join(tmpdir(), `tricorn-${name}.lock`);
  const holder = join(folder, "pid");
  while (!take(folder, holder)) {
    if (isAbandoned(folder, holder)) rmSync(folder, { recursive: true, force: true });
    else await delay(500);
  }
  try {
    await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder @param {string} holder */
function take(folder, holder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  writeFileSync(holder, String(process.pid));
  return true;
}

/** @param {string} folder @param {string} holder */
function isAbandoned(folder, holder) {
  let pid;
  try {
    pid = Number(readFileSync(holder, "utf8"));
  } catch {
    return isOlderThan(folder, 10_000); // the holder writes its number right after it made the folder
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** @param {string} path @param {number} milliseconds */
function isOlderThan(path, milliseconds) {
  try {
    return Date.now() - statSync(path).mtimeMs > milliseconds;
  } catch {
    return false; // released in the meantime
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
