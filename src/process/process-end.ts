import { isHangupIgnored, startFacts } from "./ignored-signals.js";

/** Why a process ends: a signal, or an uncaught error. */
type EndCause = "signal" | "uncaught";

/** What is closed before the process ends. */
export interface Closable {
  /** Finishes the requests in flight. Rejects if it had to abandon some. */
  close(cause: EndCause): Promise<void>;
  /** Logs an uncaught error. */
  uncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void;
}

/** Closed together: the process must not end before the last one is. */
const closables = new Set<Closable>();
/** How often the process was asked to end. */
let asked = 0;

/**
 * The signals that end the process: SIGTERM (section 7) and SIGINT, from a terminal. SIGHUP, sent when the terminal closes or
 * to ask for a reload, SIGQUIT and SIGUSR2 would by default end it at once, with every request in flight. libfcgi handles
 * SIGUSR1 this way and multiwatch 1.0 sends it; Node.js by default opens its debugger.
 */
const END_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** The signals that end the process even if the program listens to them too; a program that listens to others handles them. */
const ALWAYS_END: ReadonlySet<string> = new Set(["SIGTERM", "SIGINT"]);

/** Whether SIGHUP was ignored at start-up, and so stays ignored. Read on first use. */
let hangupIgnored: boolean | undefined;

/**
 * Closes something before the process ends. After a signal the exit code is 0, or 1 if closing failed; after an uncaught
 * exception or rejection it is 1: the state of the process is unknown, but the requests in flight are not at fault. A second
 * signal ends the process at once.
 *
 * @returns a function that removes it again, for what has closed otherwise
 */
export function closeAtEnd(closable: Closable): () => void {
  if (closables.size === 0) {
    hangupIgnored ??= isHangupIgnored(startFacts());
    for (const signal of END_SIGNALS) process.on(signal, onSignal);
    // Node.js turns an unhandled rejection into an uncaught exception.
    process.on("uncaughtException", onUncaught);
  }
  closables.add(closable);
  return () => {
    // While the process ends, a second signal must still be handled.
    if (!closables.delete(closable) || closables.size > 0 || asked > 0) return;
    for (const signal of END_SIGNALS) process.off(signal, onSignal);
    process.off("uncaughtException", onUncaught);
  };
}

/** Whether the process was asked to end. */
export function isEnding(): boolean {
  return asked > 0;
}

/**
 * Ends the process as SIGTERM does, unless it is ending already, as after a signal to the whole group: a second one would end its
 * requests at once.
 *
 * @param closed when the server is closed, if there is one: with `signals: false` and no listener of the program, the signal would
 *   end the requests
 */
export function endAsBySignal(closed: Promise<void> | undefined): void {
  if (isEnding()) return;
  const end = (): void => void process.kill(process.pid, "SIGTERM");
  if (closed === undefined || process.listenerCount("SIGTERM") > 0) end();
  else void closed.then(end, end);
}

function onSignal(signal: NodeJS.Signals, number: number): void {
  if (signal === "SIGHUP" && hangupIgnored === true) return;
  if (!ALWAYS_END.has(signal) && process.listenerCount(signal) > 1) return;
  end("signal", { code: 0, codeAtOnce: 128 + number });
}

function onUncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  for (const closable of closables) closable.uncaught(error, origin);
  end("uncaught", { code: 1, codeAtOnce: 1 });
}

function end(
  cause: EndCause,
  { code, codeAtOnce }: { readonly code: number; readonly codeAtOnce: number },
): void {
  asked += 1;
  if (asked > 1) process.exit(codeAtOnce);
  void Promise.allSettled([...closables].map((closable) => closable.close(cause))).then((results) =>
    process.exit(results.every(({ status }) => status === "fulfilled") ? code : 1),
  );
}

/**
 * Keeps the process running when the reader of its standard output or standard error leaves. What handlers print with
 * `console` is then lost; without a listener Node.js would end the process.
 */
export function ignoreOutputErrors(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  }
}

function ignore(): void {}
