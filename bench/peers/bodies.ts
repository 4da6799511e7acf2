/** Every server's answer to the smallest request. */
export const HELLO = "Hello from FastCGI";

/** An answer of 1 MiB. */
export const LARGE: Buffer = Buffer.alloc(
  1024 * 1024,
  "The quick brown fox jumps over the lazy dog 0123456789.\n",
);
