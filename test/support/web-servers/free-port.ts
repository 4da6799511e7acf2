import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below what systems hand out for outgoing connections, so that none of those takes the port before its server does; above 10080, the
 * last port that `fetch` and browsers refuse (Fetch standard, section 2.9).
 */
const RANGE = [10_081, 32_000] as const;

/** A TCP port of the loopback interface that nobody listens on. Whoever uses it has to cope with losing it again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...RANGE);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
