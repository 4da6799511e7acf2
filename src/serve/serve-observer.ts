/**
 * The property of `globalThis` for a function that receives what a program would serve: `tricorn config` sets it. All
 * copies of Tricorn in a process share it.
 */
const OBSERVER = Symbol.for("tricorn.serve.observer");

/** Receives what a program passes to `serve`. */
export type ServeObserver = (application: unknown) => void;

type Global = typeof globalThis & { [OBSERVER]?: ServeObserver };

/** Makes every later call of `serve` report its application and never resolve. */
export function observeServe(observer: ServeObserver): void {
  (globalThis as Global)[OBSERVER] = observer;
}

/** The observer; undefined unless `tricorn config` runs the program. */
export function serveObserver(): ServeObserver | undefined {
  return (globalThis as Global)[OBSERVER];
}
