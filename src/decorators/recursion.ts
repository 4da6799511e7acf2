/** A stack is not used up by fewer levels than this, and each level of a value has a member, an item or a character. */
const FEW = 500;

/**
 * Whether a schema has used up the stack because of what it was given: one that describes itself goes down as deep as its
 * input does. With a small input it is the schema that does not come to an end.
 */
export function isTooDeep(error: unknown, input: unknown): boolean {
  // What V8 says of a stack that is used up, which nothing else tells from other RangeErrors.
  return (
    error instanceof RangeError && error.message === "Maximum call stack size exceeded" && isLarge(input)
  );
}

/** Whether a value has many members, items and characters, however deep they lie; it is not looked at to its end. */
function isLarge(input: unknown): boolean {
  const left: unknown[] = [input];
  let size = 0;
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    size += typeof value === "string" ? value.length : 1;
    if (size > FEW) return true;
    if (typeof value !== "object" || value === null) continue;
    for (const member of Object.values(value)) {
      left.push(member);
      if (left.length > FEW) return true;
    }
  }
  return false;
}
