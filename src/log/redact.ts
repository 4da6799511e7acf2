import type { Params } from "../protocol/params.js";
import { secretsOf } from "./secrets.js";

const MARK = "[redacted]";

/** The longest text that is shown, in characters: an error may quote everything that a peer has sent. */
const MAX_TEXT = 16 * 1024;
/** A request with more secrets has no text shown: searching for each would take too long. */
const MAX_SECRETS = 500;

/** Secrets of this length or more are redacted everywhere. */
const LONG = 4;
/** Secrets of this length or more are redacted as whole words; shorter ones only as values. */
const WORD = 2;

const WORD_CHARACTER = /[\p{L}\p{N}_]/u;
/** What precedes a value: `pin=1`, `pin: 1`, `"1"`. */
const BEFORE_VALUE = /[=:"'`]\s?$/;
/** The frames of a stack, whose numbers and names are the program's. */
const FRAMES = /^ {4}at .*$/gm;

/**
 * Redacts the secrets of a request in a text, so that an error that quotes one does not carry it into a log. They are found as
 * received, percent-decoded, as URLs, forms, JSON, HTML and `console.log` write them, and decoded from base64 for Basic
 * credentials. A secret of four characters or more is redacted everywhere. A shorter one is common in ordinary text: two or
 * three characters are redacted as a whole word, a single one as the value of a name or in quotes, neither in stack frames.
 *
 * @param declared names of params, header fields and query parameters that hold secrets, in addition to those that always do
 */
export function redact(text: string, params: Params, declared: readonly string[] = []): string {
  const secrets = secretsOf(params, declared);
  if (secrets.length > MAX_SECRETS) return MARK;
  const longest = secrets[0]?.length ?? 0;
  // Includes a secret that begins before the limit.
  const whole = text.slice(0, MAX_TEXT + longest);
  const marks = new Uint8Array(whole.length);
  let frames: Uint8Array | undefined;
  let isMarked = false;
  for (const secret of secrets) {
    for (let at = whole.indexOf(secret); at >= 0; at = whole.indexOf(secret, at + secret.length)) {
      const end = at + secret.length;
      if (secret.length < LONG) {
        frames ??= framesOf(whole);
        if (frames[at] === 1 || !isAlone(whole, at, end)) continue;
      }
      marks.fill(1, at, end);
      isMarked = true;
    }
  }
  const shown = isMarked ? withoutMarked(whole, marks) : whole.slice(0, MAX_TEXT);
  return text.length > MAX_TEXT ? `${shown}…` : shown;
}

/** Whether a short secret is on its own, rather than part of ordinary text. */
function isAlone(text: string, start: number, end: number): boolean {
  if (WORD_CHARACTER.test(text[end] ?? "")) return false;
  const before = text.slice(Math.max(0, start - 2), start);
  return end - start < WORD ? BEFORE_VALUE.test(before) : !WORD_CHARACTER.test(before.at(-1) ?? "");
}

/** Marks with 1 each character of a text that is in a stack frame. */
function framesOf(text: string): Uint8Array {
  const frames = new Uint8Array(text.length);
  for (const { index, 0: frame } of text.matchAll(FRAMES)) frames.fill(1, index, index + frame.length);
  return frames;
}

/** Returns the text up to the limit, with each marked stretch replaced. */
function withoutMarked(text: string, marks: Uint8Array): string {
  let shown = "";
  for (let at = 0; at < text.length && at < MAX_TEXT;) {
    const isSecret = marks[at] === 1;
    const next = marks.indexOf(isSecret ? 0 : 1, at);
    const end = next < 0 ? text.length : next;
    shown += isSecret ? MARK : text.slice(at, Math.min(end, MAX_TEXT));
    at = end;
  }
  return shown;
}

/** The longest line for FCGI_STDERR, in characters. */
const LINE_LENGTH = 500;

/** Returns one line for FCGI_STDERR, without control characters that could forge a line of the server's error log. */
export function oneLine(text: string): string {
  // Reads only the beginning, so that a long text of a peer costs no more.
  const printable = text
    .slice(0, 4 * LINE_LENGTH)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return printable.length > LINE_LENGTH ? `${printable.slice(0, LINE_LENGTH - 1)}…` : printable;
}
