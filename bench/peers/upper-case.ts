/** The transformation that every filter makes: ASCII letters to upper case, byte by byte. */
export function upperCase(bytes: Uint8Array): Uint8Array {
  const upper = Buffer.allocUnsafeSlow(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    upper[at] = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
  }
  return upper;
}
