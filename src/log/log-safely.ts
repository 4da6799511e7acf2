/** Writes to a log. What the logger throws, because its disk is full for one, must not cost an answer or a connection. */
export function logSafely(write: () => void): void {
  try {
    write();
  } catch {
    // There is nowhere left to tell it.
  }
}
