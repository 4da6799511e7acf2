/** The longest line that is held: a file without line ends must not be collected as a whole. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * The lines of a byte stream as text, without their ends (LF or CRLF). The last line needs none.
 *
 * @throws RangeError for a line of more than 1,048,576 characters
 */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  // What was looked at is not looked at again: a long line may come in many small pieces.
  let rest = "";
  for await (const chunk of source) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let feed = text.indexOf("\n"); feed >= 0; feed = text.indexOf("\n", start)) {
      const line = rest + text.slice(start, feed);
      rest = "";
      start = feed + 1;
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
    rest += text.slice(start);
    if (rest.length > MAX_LINE_LENGTH) {
      throw new RangeError(`Cannot read line: it is longer than ${MAX_LINE_LENGTH} characters`);
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
