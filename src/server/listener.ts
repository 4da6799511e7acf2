import { createServer, type AddressInfo, type Server as NetServer, type Socket } from "node:net";

import { formatAddress, type Address } from "../protocol/address.js";
import { framingOf, type Framing } from "../protocol/framing.js";
import { acceptInto, handleOf, type SocketHandle } from "./accepted-socket.js";
import { cannotListen } from "./listen-failure.js";
import { BACKLOG, listening } from "./listening.js";
import type { SocketAccess } from "./socket-access.js";
import type { SocketFile } from "./socket-file.js";
import { bindSocket } from "./unix-socket.js";

/** Silence after which TCP keep-alive probes a peer; ms. */
const KEEP_ALIVE_DELAY = 60_000;

/** For a runtime that cannot read into one buffer; half-open as {@link AcceptedSocket}. */
const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_DELAY,
};

/** What a listener needs of its server. */
export interface ListenerHost {
  /** Who may connect to a unix socket that it binds. */
  readonly access: SocketAccess | undefined;
  /** Receives a connection. */
  accepted(socket: Socket, listener: Listener): void;
  /** Receives errors after it has opened. */
  failed(error: Error): void;
}

/** One listening socket of a server: a TCP port, a unix socket, or one that this process inherited. */
export class Listener {
  readonly #asked: Address;
  readonly #server: NetServer;
  readonly #host: ListenerHost;
  /** What its connections speak. */
  readonly framing: Framing;
  /** Where a TCP socket is bound; of an inherited one this is known only when it listens. */
  #bound: AddressInfo | undefined;
  /** The file of a unix socket that it bound. */
  #file: SocketFile | undefined;

  constructor(asked: Address, host: ListenerHost) {
    this.#asked = asked;
    this.#host = host;
    this.framing = framingOf(asked);
    this.#server = createServer(SOCKET_OPTIONS, (socket) => host.accepted(socket, this));
  }

  /**
   * Starts to listen. A unix socket has its final mode before a peer can connect; the file of a dead process is replaced,
   * that of a live one is not.
   *
   * @throws ConfigurationError `ERR_ADDRESS_IN_USE` for an address that is taken, `ERR_LISTEN` for one that the system
   * refuses, `ERR_SOCKET_ACCESS` for an owner or group that does not exist
   */
  async open(): Promise<void> {
    const address = this.#asked;
    try {
      await this.#bind();
    } catch (error) {
      throw cannotListen(address, error);
    }
    acceptInto(this.#server, {
      keepAliveDelay: KEEP_ALIVE_DELAY,
      accepted: (socket) => this.#host.accepted(socket, this),
    });
    const bound = this.#server.address();
    if (typeof bound === "object" && bound !== null) this.#bound = bound;
    this.#server.on("error", (error) => this.#host.failed(error));
  }

  /** The socket as another process can get it; undefined when it does not listen. */
  get handle(): SocketHandle | undefined {
    return handleOf(this.#server);
  }

  /** The address that a TCP socket is bound to; undefined for unix sockets, whose peers have no address. */
  get host(): string | undefined {
    return this.#bound?.address;
  }

  /** The TCP port, or undefined for other sockets. */
  get port(): number | undefined {
    return this.#bound?.port;
  }

  /** Where it listens: `127.0.0.1:9000`, `unix:/run/app.sock`, `fd:0`, `scgi:127.0.0.1:9000`. */
  get address(): string {
    // Node.js does not report the path of an inherited unix socket.
    if (this.#asked.kind !== "tcp" || this.#bound === undefined) return formatAddress(this.#asked);
    const { address: host, port } = this.#bound;
    return formatAddress({ ...this.#asked, host, port });
  }

  /**
   * Removes the name of a unix socket, so that no new peer connects while those that wait are accepted; unless another process
   * has put its own socket there.
   */
  hide(): void {
    this.#file?.remove();
    this.#file = undefined;
  }

  /** Stops accepting. Resolves when the socket is closed. */
  close(): Promise<void> {
    this.hide();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #bind(): Promise<void> {
    const address = this.#asked;
    const server = this.#server;
    if (address.kind === "unix") {
      this.#file = await bindSocket(server, address.path, this.#host.access);
      return;
    }
    const ready = listening(server);
    // As an option, Node.js ignores the backlog of a descriptor and uses 511.
    if (address.kind === "fd") server.listen({ fd: address.fd }, BACKLOG);
    else server.listen({ host: address.host, port: address.port, backlog: BACKLOG });
    await ready;
  }
}
