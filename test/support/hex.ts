/** Bytes from hexadecimal digits; white space and text after "#" up to the end of the line are ignored. */
export function hex(text: string): Buffer {
  const digits = text.replaceAll(/#.*$/gm, "").replaceAll(/\s+/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`Cannot read hex: "${digits}"`);
  return Buffer.from(digits, "hex");
}

/** The same bytes cut at these places. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted(byNumber), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

function byNumber(a: number, b: number): number {
  return a - b;
}
