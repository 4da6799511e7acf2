import type { Params } from "../protocol/params.js";
import { secretsOf } from "./secrets.js";

const MARK = "[redacted]";

/** The longest text that is told, in characters: an error may quote all that a peer has sent. */
const MAX_TEXT = 16 * 1024;
/** Of a request with more secrets no text is told: to look for each in each text would take too long. */
const MAX_SECRETS = 500;

/** Secrets from this length on are taken out wherever they stand. */
const LONG = 4;
/** Those from this length on where they stand as a word of their own; shorter ones only where they stand as a value. */
const WORD = 2;

const WORD_CHARACTER = /[\p{L}\p{N}_]/u;
/** What stands in front of a value: `pin=1`, `pin: 1`, `"1"`. */
const BEFORE_VALUE = /[=:"'`]\s?$/;
/** The lines of a stack: their numbers and names are the program's. */
const FRAMES = /^ {4}at .*$/gm;

/**
 * Takes the secrets of a request out of a text: an error message that quotes one must not carry it into a log. They are
 * found as they came, percent-decoded, as URLs, forms, JSON, HTML and `console.log` write them, and decoded from base64 where
 * they are Basic credentials. A secret of four characters or more is taken out wherever it stands. A shorter one is common in ordinary
 * text: two or three characters are taken out as a word of their own, a single one as the value of a name or in quotes;
 * neither in the frames of a stack.
 *
 * @param further names of params, header fields and members of the query that hold secrets, beside Authorization, Cookie and
 *   the password
 */
export function redact(text: string, params: Params, further: readonly string[] = []): string {
  const secrets = secretsOf(params, further);
  if (secrets.length > MAX_SECRETS) return MARK;
  const longest = secrets[0]?.length ?? 0;
  // With as much more as a secret may take that begins within.
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
  const told = isMarked ? withoutMarked(whole, marks) : whole.slice(0, MAX_TEXT);
  return text.length > MAX_TEXT ? `${told}…` : told;
}

/** Whether a short secret stands where it is one, rather than a part of ordinary text. */
function isAlone(text: string, start: number, end: number): boolean {
  if (WORD_CHARACTER.test(text[end] ?? "")) return false;
  const before = text.slice(Math.max(0, start - 2), start);
  return end - start < WORD ? BEFORE_VALUE.test(before) : !WORD_CHARACTER.test(before.at(-1) ?? "");
}

/** For each character of a text 1 where it stands in a frame of a stack. */
function framesOf(text: string): Uint8Array {
  const frames = new Uint8Array(text.length);
  for (const { index, 0: frame } of text.matchAll(FRAMES)) frames.fill(1, index, index + frame.length);
  return frames;
}

/** The text up to its limit, with a mark in the place of each stretch that is marked. */
function withoutMarked(text: string, marks: Uint8Array): string {
  let told = "";
  for (let at = 0; at < text.length && at < MAX_TEXT;) {
    const isSecret = marks[at] === 1;
    const next = marks.indexOf(isSecret ? 0 : 1, at);
    const end = next < 0 ? text.length : next;
    told += isSecret ? MARK : text.slice(at, Math.min(end, MAX_TEXT));
    at = end;
  }
  return told;
}

/** The most characters of a line for FCGI_STDERR. */
const LINE_LENGTH = 500;

/** One line for FCGI_STDERR: no control characters, so that it cannot forge a line of the server's error log. */
export function oneLine(text: string): string {
  // Of a long text only the beginning is looked at: what a peer has made long costs nothing more.
  const printable = text
    .slice(0, 4 * LINE_LENGTH)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return printable.length > LINE_LENGTH ? `${printable.slice(0, LINE_LENGTH - 1)}…` : printable;
}
