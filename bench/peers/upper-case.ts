/**
 * The transformation of every filter: ASCII letters to upper case. It handles four bytes at a time, so it takes about
 * as long as the loop in C, and the rest is compared.
 */
export function upperCase(bytes: Uint8Array): Uint8Array {
  const upper = Buffer.allocUnsafeSlow((bytes.length + 3) & ~3);
  upper.set(bytes);
  const words = new Uint32Array(upper.buffer);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    const low = word & 0x7f7f7f7f;
    // The highest bit of each byte from 0x61 to 0x7a, moved to the bit that determines the case.
    const letters = ((low + 0x1f1f1f1f) & ~(low + 0x05050505) & ~word & 0x80808080) >>> 2;
    words[at] = word - letters;
  }
  return upper.subarray(0, bytes.length);
}
