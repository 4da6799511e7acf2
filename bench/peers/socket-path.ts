/** The unix socket that a measured server listens on; the benchmark knows that it is ready when it can connect. */
export const socketPath = process.argv[2]!;
