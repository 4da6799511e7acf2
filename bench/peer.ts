import type { AddressInfo, Server } from "node:net";

/** Listens on any free port of loopback, tells the benchmark which, and then answers its questions. */
export function ready(server: Server): void {
  server.listen(0, "127.0.0.1", () => announce((server.address() as AddressInfo).port));
}

/** Tells the benchmark the port, and from then on how much CPU this process has used, when asked. */
export function announce(port: number): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: user + system, rss: process.memoryUsage.rss() });
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ port });
}
