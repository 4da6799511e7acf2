/** One `name=value` of a media type or a disposition (RFC 9110, section 5.6.6; RFC 2183). */
export interface Parameter {
  /** In lower case. */
  readonly name: string;
  /** Without surrounding quotes; backslashes are kept. */
  readonly value: string;
  /** Whether the value was in quotes. */
  readonly quoted: boolean;
  /** Whether it has a valid name, a value, and closed quotes with only whitespace after them. */
  readonly wellFormed: boolean;
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Parses the parameters of a field, each after a semicolon, in order. It reads every character at most twice, so that any
 * input takes linear time.
 *
 * @param start the index of the semicolon before the first one
 */
export function parseParameters(text: string, start: number): readonly Parameter[] {
  const parameters: Parameter[] = [];
  let at = start;
  while (at < text.length) {
    at = skipWhitespace(text, at + 1);
    const equals = nextOf(text, at, { equals: true });
    const name = text.slice(at, trimEnd(text, at, equals)).toLowerCase();
    if (text[equals] !== "=") {
      // An empty parameter is allowed: a semicolon at the end.
      if (name !== "") parameters.push({ name, value: "", quoted: false, wellFormed: false });
      at = equals;
      continue;
    }
    const begin = skipWhitespace(text, equals + 1);
    const quoted = text[begin] === '"';
    const end = quoted ? endOfQuoted(text, begin + 1) : nextOf(text, begin);
    const next = quoted ? nextOf(text, Math.min(end + 1, text.length)) : end;
    const value = text.slice(quoted ? begin + 1 : begin, quoted ? end : trimEnd(text, begin, end));
    const closed = !quoted || (end < text.length && skipWhitespace(text, end + 1) >= next);
    parameters.push({ name, value, quoted, wellFormed: closed && TOKEN.test(name) });
    at = next;
  }
  return parameters;
}

/** Returns the index of the next semicolon, or with `equals` of a "=" before it; the end of the text if there is none. */
function nextOf(text: string, start: number, { equals = false } = {}): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x3b || (equals && code === 0x3d)) break;
    at += 1;
  }
  return at;
}

/** Returns the index of the closing quote; the end of the text if there is none. */
function endOfQuoted(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return Math.min(at, text.length);
}

function skipWhitespace(text: string, start: number): number {
  let at = start;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** Returns the index at which the whitespace before `end` begins. */
function trimEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
