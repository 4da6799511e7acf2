/**
 * Under this name of `globalThis` somebody may leave a function who wants to know what a program would serve: `tricorn
 * config`. It is one of all copies of Tricorn in a process.
 */
const OBSERVER = Symbol.for("tricorn.serve.observer");

/** Told what was to be served. */
export type ServeObserver = (application: unknown) => void;

type Global = typeof globalThis & { [OBSERVER]?: ServeObserver };

/** Has this process serve nothing from now on: calls of `serve` only tell what they were given, and never return. */
export function observeServe(observer: ServeObserver): void {
  (globalThis as Global)[OBSERVER] = observer;
}

/** Whom to tell instead of serving; undefined in every program but that one. */
export function serveObserver(): ServeObserver | undefined {
  return (globalThis as Global)[OBSERVER];
}
