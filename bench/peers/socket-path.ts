/** The unix socket of a measured server; the benchmark connects to see whether it is ready. */
export const socketPath = process.argv[2]!;
