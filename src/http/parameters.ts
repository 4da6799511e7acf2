/** One `name=value` behind a media type or a disposition (RFC 9110, section 5.6.6; RFC 2183). */
export interface Parameter {
  /** In lower case. */
  readonly name: string;
  /** What stood behind "=", without the quotes around it; the backslashes in them are still there. */
  readonly value: string;
  /** Whether it stood in quotes. */
  readonly quoted: boolean;
  /** Whether it is what the syntax has: a name, a value, quotes that are closed and nothing but blanks behind them. */
  readonly wellFormed: boolean;
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The parameters of a field, each behind a semicolon, in the order of arrival. Every character is looked at once or
 * twice, whatever the client has sent: blanks, quotes and semicolons without end cost what their number is.
 *
 * @param start where the semicolon in front of the first one stands
 */
export function parseParameters(text: string, start: number): readonly Parameter[] {
  const parameters: Parameter[] = [];
  let at = start;
  while (at < text.length) {
    // Behind the semicolon.
    at = skipBlanks(text, at + 1);
    const equals = nextOf(text, at, { equals: true });
    const name = text.slice(at, trimEnd(text, at, equals)).toLowerCase();
    if (text[equals] !== "=") {
      // Nothing at all is allowed: a semicolon at the end.
      if (name !== "") parameters.push({ name, value: "", quoted: false, wellFormed: false });
      at = equals;
      continue;
    }
    const begin = skipBlanks(text, equals + 1);
    const quoted = text[begin] === '"';
    const end = quoted ? endOfQuoted(text, begin + 1) : nextOf(text, begin);
    const next = quoted ? nextOf(text, Math.min(end + 1, text.length)) : end;
    const value = text.slice(quoted ? begin + 1 : begin, quoted ? end : trimEnd(text, begin, end));
    const closed = !quoted || (end < text.length && skipBlanks(text, end + 1) >= next);
    parameters.push({ name, value, quoted, wellFormed: closed && TOKEN.test(name) });
    at = next;
  }
  return parameters;
}

/** Where the next semicolon stands, or "=" before it if that is asked for; the end of the text where there is none. */
function nextOf(text: string, start: number, { equals = false } = {}): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x3b || (equals && code === 0x3d)) break;
    at += 1;
  }
  return at;
}

/** Where the quote stands that closes the one before `start`; the end of the text where there is none. */
function endOfQuoted(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return Math.min(at, text.length);
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** Where the blanks begin that end at `end`. */
function trimEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
