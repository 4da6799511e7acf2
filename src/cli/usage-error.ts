/** The command was not called correctly. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
