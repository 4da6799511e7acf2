/** The longest line that is held: a file without line ends must not be collected as a whole. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * The lines of a byte stream as text, without their ends (LF or CRLF). The last line needs none.
 *
 * @throws RangeError for a line of more than 1,048,576 characters
 */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of source) {
    rest += decoder.decode(chunk, { stream: true });
    const parts = rest.split("\n");
    rest = parts.pop()!;
    for (const line of parts) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    if (rest.length > MAX_LINE_LENGTH) {
      throw new RangeError(`Cannot read line: it is longer than ${MAX_LINE_LENGTH} characters`);
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
