import { isUtf8 } from "node:buffer";

import type { Span } from "./spans.js";
import type { ShownPair, ShownText } from "./views.js";

const MARK = "••••";
const MASKED_BYTE = "··";

/** The longest value, in bytes. */
const VALUE_BYTES = 4096;

/** Moves spans of a stream to where they are in a part of it. */
export function within(spans: readonly Span[], from: number): readonly Span[] {
  return spans.map(({ start, end }) => ({ start: start - from, end: end - from }));
}

/** Shows bytes as text without the masked ones. Bytes that are no UTF-8 are shown as Latin-1. */
export function shownText(bytes: Buffer, masks: readonly Span[]): ShownText {
  let text = "";
  let at = 0;
  let masked = false;
  for (const { start, end } of masks) {
    if (end <= 0 || start >= bytes.length) continue;
    text += textOf(bytes.subarray(at, Math.max(start, 0))) + MARK;
    at = end;
    masked = true;
  }
  return { text: text + textOf(bytes.subarray(at)), masked };
}

/** Shows a field or variable. The masks are those of its value. */
export function shownPair(name: Buffer, value: Buffer, masks: readonly Span[]): ShownPair {
  const part = value.subarray(0, VALUE_BYTES);
  const { text, masked } = shownText(part, masks);
  return {
    name: textOf(name.subarray(0, VALUE_BYTES)),
    text: part.length < value.length ? `${text}…` : text,
    masked,
  };
}

/** A fact that is no secret. */
export function shownFact(name: string, text: string): ShownPair {
  return { name, text, masked: false };
}

/** Shows bytes as pairs of hexadecimal digits. */
export function shownBytes(bytes: Buffer, masks: readonly Span[]): readonly string[] {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  for (const { start, end } of masks) digits.fill(MASKED_BYTE, Math.max(start, 0), Math.max(end, 0));
  return digits;
}

/** Whether bytes are text that is worth showing: UTF-8 that may be cut at both ends, without control characters. */
export function isText(bytes: Buffer): boolean {
  const part = wholeCharacters(bytes);
  return isUtf8(part) && !part.some((byte) => byte < 0x20 && !LAYOUT.has(byte));
}

/** Tab, line feed, form feed, carriage return, escape. */
const LAYOUT = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);

/** UTF-8 without the character that is cut at its start, and the one at its end. */
function wholeCharacters(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start += 1;
  let end = bytes.length;
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (length > back) end = bytes.length - back;
    break;
  }
  return bytes.subarray(start, Math.max(start, end));
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0;
}

function textOf(bytes: Buffer): string {
  return bytes.toString(isUtf8(wholeCharacters(bytes)) ? "utf8" : "latin1");
}
