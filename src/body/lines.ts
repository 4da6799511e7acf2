/** The longest line, so that a file without line ends is not collected as a whole. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Yields the lines of a byte stream as UTF-8 text, without their ends (LF or CRLF). The last line may have no end.
 *
 * @throws RangeError for a line of more than 1,048,576 characters
 */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  // Already searched: a long line may come in many small pieces.
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
