import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** How often the main thread shows that its event loop turns, and the watching thread looks; ms. */
const BEAT = 500;
/** How long the event loop must stand still before its stack is reported, in ms: well before the master ends the process. */
export const HANG_REPORT_AFTER = 5_000;
/** How long the process waits at its end for the thread to disconnect; ms. */
const DISCONNECT_WAIT = 500;

/** What the two threads share: words of 32 bits. */
const SHARED_WORDS = 2;
/** The word that counts turns of the event loop. */
const BEATS = 0;
/** The word that becomes 1 when the thread has disconnected. */
const DISCONNECTED = 1;

/** The options of {@link watchEventLoop}. */
export interface HangWatchOptions {
  /** How long the event loop may stand still, in ms. */
  readonly limit?: number | undefined;
  /**
   * Called after the JavaScript that spun was ended: no `catch` and no `finally` of it ran, and the event loop goes on. Without
   * it, nothing is ended.
   */
  readonly ended?: (() => void) | undefined;
}

/** What the thread is given. */
interface ThreadData {
  readonly shared: Int32Array;
  readonly beat: number;
  readonly limit: number;
  /** Whether what spins is ended. */
  readonly ends: boolean;
}

/**
 * Watches the event loop of this thread from another one, and logs to standard error where JavaScript spins if the loop stands
 * still: once for each time. An inspector session that is connected before can pause a thread that never returns to its event
 * loop; afterwards none can connect. Costs 10 to 20 MiB. Node.js from 20.19 on.
 *
 * It counts its own turns, not time, so a stopped or suspended process is not taken for a hung one.
 *
 * Resolves when the session is connected.
 */
export async function watchEventLoop({
  limit = HANG_REPORT_AFTER,
  ended,
}: HangWatchOptions = {}): Promise<void> {
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_WORDS * Int32Array.BYTES_PER_ELEMENT));
  const workerData: ThreadData = { shared, beat: BEAT, limit, ends: ended !== undefined };
  // No options of this process: `--import` would load the program's loaders once more.
  const thread = new Worker(`(${watchFromThread.toString()})(require)`, {
    eval: true,
    workerData,
    execArgv: [],
    env: {},
  });
  const beats = setInterval(() => Atomics.add(shared, BEATS, 1), BEAT).unref();
  // Otherwise Node.js 20 to 26 print "Waiting for the debugger to disconnect..." when the process exits.
  const disconnect = (): void => {
    thread.postMessage("disconnect");
    Atomics.wait(shared, DISCONNECTED, 0, DISCONNECT_WAIT);
  };
  process.once("exit", disconnect);
  try {
    await once(thread, "message");
    thread.on("message", () => ended?.());
    thread.unref();
  } catch (error) {
    // For example a Node.js that was built without the inspector: the loop is not watched, the program is.
    clearInterval(beats);
    process.off("exit", disconnect);
    process.emitWarning(`Cannot watch the event loop: ${(error as Error).message}`);
  }
}

/**
 * Runs in the thread. Its source is passed as text, so that it needs no file beside the bundle and no loader; it uses nothing of
 * this module.
 */
function watchFromThread(require: NodeJS.Require): void {
  const { readFileSync, writeSync } = require("node:fs") as typeof import("node:fs");
  const { Session } = require("node:inspector") as typeof import("node:inspector");
  const { SourceMap } = require("node:module") as typeof import("node:module");
  const { parentPort, workerData } = require("node:worker_threads") as typeof import("node:worker_threads");
  type Paused = import("node:inspector").Debugger.PausedEventDataType;
  type Script = import("node:inspector").Debugger.ScriptParsedEventDataType;

  const FRAMES = 30;
  /** Beats that a thread in JavaScript may take to pause. */
  const PATIENCE = 3;
  /** How often a full pipe is tried again, 2 ms apart. */
  const ATTEMPTS = 50;
  const { shared, beat, limit, ends } = workerData as ThreadData;
  const session = new Session();
  session.connectToMainThread();

  let seen = Atomics.load(shared, 0);
  let quiet = 0;
  let state: "watching" | "asked" | "native" | "reported" = "watching";
  setInterval(() => {
    const beats = Atomics.load(shared, 0);
    if (beats !== seen) {
      seen = beats;
      quiet = 0;
      state = "watching";
      return;
    }
    quiet += 1;
    const stood = quiet * beat;
    if (state === "watching" && stood >= limit) {
      state = "asked";
      pause(stood);
    } else if (state === "asked" && stood >= limit + PATIENCE * beat) {
      // A busy machine may still pause it, and then the stack follows.
      state = "native";
      log(stood, "    at native code that JavaScript called");
    }
  }, beat);
  parentPort!.on("message", () => {
    session.disconnect();
    Atomics.store(shared, 1, 1);
    Atomics.notify(shared, 1);
  });
  parentPort!.postMessage("connected");

  /** The debugger is enabled only now: it announces every script, and makes some code slower. */
  function pause(stood: number): void {
    const scripts = new Map<string, Script>();
    session.on("Debugger.scriptParsed", ({ params }) => scripts.set(params.scriptId, params));
    session.once("Debugger.paused", ({ params }) => {
      if (state === "asked" || state === "native") {
        state = "reported";
        log(stood, stackOf(params, scripts));
        if (ends) {
          session.post("Runtime.terminateExecution");
          parentPort!.postMessage("ended");
        }
      }
      session.post("Debugger.resume");
      session.post("Debugger.disable");
      session.removeAllListeners("Debugger.scriptParsed");
    });
    session.post("Debugger.enable");
    session.post("Debugger.pause");
  }

  function stackOf({ callFrames }: Paused, scripts: ReadonlyMap<string, Script>): string {
    return callFrames
      .slice(0, FRAMES)
      .map(({ functionName, location }) => {
        const script = scripts.get(location.scriptId);
        const { file, line, column } = placeOf(script, location.lineNumber, location.columnNumber ?? 0);
        return `    at ${functionName === "" ? "<anonymous>" : functionName} (${file}:${line + 1}:${column + 1})`;
      })
      .join("\n");
  }

  /** Follows the source map of a compiled file, if it has one. */
  function placeOf(
    script: Script | undefined,
    line: number,
    column: number,
  ): { readonly file: string; readonly line: number; readonly column: number } {
    const file = script?.url === undefined || script.url === "" ? "<anonymous>" : script.url;
    const map = script?.sourceMapURL ?? "";
    if (map === "") return { file, line, column };
    try {
      const base64 = /^data:[^,]*;base64,(.*)$/.exec(map)?.[1];
      const text =
        base64 === undefined
          ? readFileSync(new URL(map, file), "utf8")
          : Buffer.from(base64, "base64").toString();
      const entry = new SourceMap(JSON.parse(text)).findEntry(line, column);
      if (!("originalSource" in entry)) return { file, line, column };
      const original = new URL(entry.originalSource, file).href;
      return { file: original, line: entry.originalLine, column: entry.originalColumn };
    } catch {
      return { file, line, column };
    }
  }

  function log(stood: number, stack: string): void {
    const fields = {
      level: 50,
      time: Date.now(),
      pid: process.pid,
      stack,
      msg: `The event loop has stood still for ${stood / 1000} s`,
    };
    const bytes = Buffer.from(`${JSON.stringify(fields)}\n`);
    for (let written = 0, attempts = ATTEMPTS; written < bytes.length && attempts > 0;) {
      try {
        written += writeSync(2, bytes, written);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
        attempts -= 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      }
    }
  }
}
