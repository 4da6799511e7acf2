import { isHangupIgnored, startFacts } from "./ignored-signals.js";

/** Why a process ends: somebody sent it a signal, or nobody caught an error. */
type EndCause = "signal" | "uncaught";

/** What the end of the process closes. */
export interface Closable {
  /** Finishes what is in flight. Rejects where something was left behind. */
  close(cause: EndCause): Promise<void>;
  /** Logs what nobody caught. */
  uncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void;
}

/** All of it is closed together: the process must not end before the last one is. */
const closables = new Set<Closable>();
/** How often the process was asked to end. */
let asked = 0;

/**
 * What asks the process to end: SIGTERM (section 7) and SIGINT, from a terminal. SIGHUP, when that is gone or by those who
 * mean a reload, SIGQUIT and SIGUSR2 would end it as well, at once and with every request in flight. SIGUSR1 is what libfcgi
 * takes so and multiwatch 1.0 sends; Node.js itself would open its debugger for that.
 */
const END_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** What means the end whoever listens too. The others mean what the program says, if it listens to them itself. */
const ALWAYS_THE_END: ReadonlySet<string> = new Set(["SIGTERM", "SIGINT"]);

/** Whether SIGHUP was ignored when the process was started: then it goes on to be. Found out when it is needed. */
let hangupIgnored: boolean | undefined;

/**
 * Lets the end of the process close something first. A signal ends it with 0, or with 1 where closing failed. An error
 * that nobody caught, an exception or a rejection, ends it with 1: nobody knows what state it is in, but the requests in
 * flight are not to blame. When asked a second time it ends at once.
 *
 * @returns a function that takes it back, for what was closed in another way
 */
export function closeAtEnd(closable: Closable): () => void {
  if (closables.size === 0) {
    hangupIgnored ??= isHangupIgnored(startFacts());
    for (const signal of END_SIGNALS) process.on(signal, onSignal);
    // A rejection that nobody handles becomes an uncaught exception.
    process.on("uncaughtException", onUncaught);
  }
  closables.add(closable);
  return () => {
    // Once the process was asked to end, a second time is still to be understood.
    if (!closables.delete(closable) || closables.size > 0 || asked > 0) return;
    for (const signal of END_SIGNALS) process.off(signal, onSignal);
    process.off("uncaughtException", onUncaught);
  };
}

function onSignal(signal: NodeJS.Signals, number: number): void {
  if (signal === "SIGHUP" && hangupIgnored === true) return;
  if (!ALWAYS_THE_END.has(signal) && process.listenerCount(signal) > 1) return;
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
