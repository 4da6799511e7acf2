import { once } from "node:events";
import { createServer, type Server } from "node:net";

import { formatAddress, parseAddress, type AddressLike } from "../protocol/address.js";
import { WirePeer } from "./wire-peer.js";

/** An application that listens, and whose connections a test plays: for tests of a client, a gateway or a Web server. */
export class ScriptedApplication {
  readonly #server: Server;
  readonly #waiting: WirePeer[] = [];
  readonly #peers: WirePeer[] = [];
  #wake = (): void => {};
  /** The address that it listens on: `127.0.0.1:40123` or `unix:/run/app.sock`. */
  readonly address: string;

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
    server.on("connection", (socket) => {
      const peer = new WirePeer(socket);
      this.#peers.push(peer);
      this.#waiting.push(peer);
      this.#wake();
    });
  }

  /** Listens: on a free port of this machine, or on an address as `serve` takes it. */
  static async listen(address: AddressLike = "127.0.0.1:0"): Promise<ScriptedApplication> {
    const at = parseAddress(address);
    if (at.kind === "fd") throw new TypeError("Cannot listen: the address is a descriptor");
    const server = createServer({ noDelay: true });
    server.listen(at.kind === "unix" ? { path: at.path } : { host: at.host, port: at.port });
    await once(server, "listening");
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    return new ScriptedApplication(server, formatAddress(at.kind === "tcp" ? { ...at, port } : at));
  }

  /** How many connections were made. */
  get connections(): number {
    return this.#peers.length;
  }

  /** The next connection, as soon as it is made. */
  async accept(): Promise<WirePeer> {
    for (;;) {
      const peer = this.#waiting.shift();
      if (peer !== undefined) return peer;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Closes all connections and listens no more. */
  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    this.#server.close();
    await once(this.#server, "close");
  }
}
