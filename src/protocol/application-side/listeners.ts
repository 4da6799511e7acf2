/** Those who listen for one moment of an exchange, in order; undefined while there is none: most requests have none. */
export type Listeners<T> = ((value: T) => void)[] | undefined;

/** Calls all of them. */
export function callListeners<T>(listeners: Listeners<T>, value: T): void {
  if (listeners === undefined) return;
  for (const listener of listeners) callListener(listener, value);
}

/** A listener that throws harms neither the connection nor the listeners behind it; it fails as an uncaught exception. */
export function callListener<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
