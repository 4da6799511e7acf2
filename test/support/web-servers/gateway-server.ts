import pino from "pino";
import { Gateway, type GatewayOptions } from "tricorn/gateway";
import { expect } from "vitest";

import type { RunningServer } from "./web-server.js";

/** The embedded Web server, which is treated like the others. */
export class GatewayServer implements RunningServer {
  readonly #gateway: Gateway;
  #log = "";
  #url = "";

  private constructor(options: Omit<GatewayOptions, "port" | "log">) {
    const log = pino({ level: "warn" }, { write: (line: string) => void (this.#log += line) });
    this.#gateway = new Gateway({ ...options, log, port: 0 });
  }

  static async start(options: Omit<GatewayOptions, "port" | "log">): Promise<GatewayServer> {
    const server = new GatewayServer(options);
    server.#url = (await server.#gateway.listen()).url;
    return server;
  }

  get url(): string {
    return this.#url;
  }

  get errorLog(): string {
    return this.#log;
  }

  async errorLine(pattern: RegExp): Promise<RegExpExecArray> {
    await expect.poll(() => this.#log).toMatch(pattern);
    return pattern.exec(this.#log)!;
  }

  stop(): Promise<void> {
    return this.#gateway.close();
  }
}
