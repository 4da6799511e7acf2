/** Writes to a log. A logger that throws, for example because its disk is full, must not cost an answer or a connection. */
export function logSafely(write: () => void): void {
  try {
    write();
  } catch {
    // The log cannot report its own failure.
  }
}
