/** The command was not called as it must be. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
