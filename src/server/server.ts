import { existsSync } from "node:fs";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";

import { AbortedError, ConfigurationError, type TricornError } from "../errors.js";
import { formatAddress, parseAddress, type Address, type AddressLike } from "../protocol/address.js";
import { logSafely } from "../log-safely.js";
import type { Application } from "../protocol/application.js";
import { ValueName } from "../protocol/constants.js";
import { isLoopback, parseAllowedPeers, peersFromEnvironment, type AllowedPeers } from "./allowed-peers.js";
import { Connection, type ConnectionOwner } from "./connection.js";
import {
  defaultServerLimits,
  defaultServerTimeouts,
  withDefaults,
  type ServerLimits,
  type ServerTimeouts,
} from "./options.js";
import {
  BACKLOG,
  bindSocket,
  isAddressInUse,
  listening,
  removeStaleSocket,
  type SocketAccess,
} from "./unix-socket.js";

/** Deadlines are looked at this often; ms. */
const TICK = 250;

/** After so much silence a TCP peer is asked whether it is still there; ms. */
const KEEP_ALIVE_DELAY = 60_000;

/** What a server can be told. */
export interface ServerOptions {
  readonly log: Logger;
  readonly limits?: Partial<ServerLimits> | undefined;
  readonly timeouts?: Partial<ServerTimeouts> | undefined;
  /**
   * IP addresses and networks that may connect over TCP, or `any`. FCGI_WEB_SERVER_ADDRS counts where this is left out.
   * An address that other machines can reach needs one of them: FastCGI knows no authentication.
   */
  readonly allowedPeers?: readonly string[] | "any" | undefined;
  /** Who may connect to a unix socket; its owner and group if left out. */
  readonly socketAccess?: SocketAccess | undefined;
}

/** Listens as an application: accepts the connections of Web servers and drives one {@link Application} with them. */
export class Server implements ConnectionOwner {
  readonly application: Application;
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
  readonly values: Readonly<Record<ValueName, string>>;
  readonly #log: Logger;
  readonly #listener: NetServer;
  readonly #connections = new Set<Connection>();
  readonly #peers: AllowedPeers | undefined;
  readonly #anyPeer: boolean;
  readonly #socketAccess: SocketAccess | undefined;
  #inherited: string | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #now = performance.now();
  #active = 0;
  #buffered = 0;
  /** Whether peers have an address, by which they are allowed or not. */
  #overTcp = true;
  #closing: Promise<void> | undefined;
  #closingTimer: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(application: Application, options: ServerOptions) {
    this.application = application;
    this.limits = withDefaults(defaultServerLimits, options.limits);
    this.timeouts = withDefaults(defaultServerTimeouts, options.timeouts);
    this.#log = options.log;
    this.#socketAccess = options.socketAccess;
    const { allowedPeers } = options;
    this.#anyPeer = allowedPeers === "any";
    this.#peers =
      typeof allowedPeers === "object"
        ? parseAllowedPeers(allowedPeers)
        : peersFromEnvironment(process.env["FCGI_WEB_SERVER_ADDRS"]);
    const { connections, requests, requestsPerConnection } = this.limits;
    this.values = {
      [ValueName.MaxConns]: String(connections),
      // HAProxy opens as many streams on one connection as this says, so it cannot be more than one connection takes.
      [ValueName.MaxReqs]: String(Math.min(requests, requestsPerConnection)),
      [ValueName.MpxsConns]: requestsPerConnection > 1 ? "1" : "0",
    };
    // Half-open: a Web server may close its side when it has sent everything and still wants the answer.
    this.#listener = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY },
      this.#accept,
    );
    this.#listener.maxConnections = connections;
  }

  /** Milliseconds of a clock that is set four times a second. */
  get now(): number {
    return this.#now;
  }

  /** How many requests are active. */
  get activeRequests(): number {
    return this.#active;
  }

  /** How many connections are open. */
  get openConnections(): number {
    return this.#connections.size;
  }

  /** Where the server listens: `127.0.0.1:9000`, `unix:/run/app.sock`, or `fd:0` for an inherited socket. */
  get address(): string {
    if (this.#inherited !== undefined) return this.#inherited;
    const bound = this.#listener.address();
    if (bound === null) return "";
    if (typeof bound === "string") return `unix:${bound}`;
    return bound.family === "IPv6" ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
  }

  /** The TCP port, or undefined for other sockets. */
  get port(): number | undefined {
    const bound = this.#listener.address();
    return typeof bound === "object" ? bound?.port : undefined;
  }

  /**
   * Starts to listen. A unix socket has its final mode before anybody can connect; a file that a dead process left is
   * replaced, one that is alive is not.
   *
   * @throws ConfigurationError `ERR_ADDRESS` for an address that cannot be read, `ERR_ADDRESS_IN_USE` for one that is
   * taken, `ERR_LISTEN` for one that the system refuses, `ERR_ALLOWED_PEERS` for one that other machines can reach
   * although nobody said who may connect
   */
  async listen(input: AddressLike): Promise<void> {
    const address = parseAddress(input);
    if (address.kind === "tcp" && !isLoopback(address.host) && this.#peers === undefined && !this.#anyPeer) {
      throw new ConfigurationError(
        "ERR_ALLOWED_PEERS",
        `Cannot listen on ${address.host}: every host that reaches it could connect; name the Web servers in ` +
          'allowedPeers, or say "any"',
      );
    }
    try {
      await this.#bind(address);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      if (!isAddressInUse(error)) throw cannotListen("ERR_LISTEN", address, error);
      if (address.kind !== "unix") throw cannotListen("ERR_ADDRESS_IN_USE", address, error);
      await removeStaleSocket(address.path);
      await this.#bind(address);
    }
    const bound = this.#listener.address();
    this.#overTcp = typeof bound === "object" && bound !== null;
    this.#listener.on("error", (error) => this.report(error));
  }

  /** Drives the application with a connection that somebody else made; it needs no {@link listen}. */
  accept(connection: Duplex): void {
    if (this.#ticker === undefined) {
      // The clock stood still while nobody was connected.
      this.#now = performance.now();
      this.#ticker = setInterval(this.#tick, TICK).unref();
    }
    this.#connections.add(new Connection(connection, this));
  }

  /**
   * Stops to accept, closes idle connections, lets what is in flight finish, and answers what is still active after the
   * shutdown time-out in the way of its role. Resolves when every connection is closed.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  admit(): boolean {
    return this.#active < this.limits.requests;
  }

  activeChanged(by: number): void {
    this.#active += by;
  }

  get inputFull(): boolean {
    return this.#buffered >= this.limits.bufferedPerServer;
  }

  bufferedChanged(by: number): void {
    this.#buffered += by;
  }

  report(error: Error): void {
    const { code } = error as TricornError;
    const err = { type: error.name, message: error.message };
    logSafely(() => this.#log.warn({ code, err }, "Closed a connection"));
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  async #bind(address: Address): Promise<void> {
    const listener = this.#listener;
    const ready = listening(listener);
    switch (address.kind) {
      case "tcp":
        listener.listen({ host: address.host, port: address.port, backlog: BACKLOG });
        break;
      case "fd":
        listener.listen({ fd: address.fd, backlog: BACKLOG });
        // Of an inherited unix socket Node.js does not tell the path.
        this.#inherited = formatAddress(address);
        break;
      case "unix":
        bindSocket(listener, address.path, this.#socketAccess);
        break;
    }
    await ready;
  }

  readonly #accept = (socket: Socket): void => {
    const peer = socket.remoteAddress;
    // A unix socket has no peer address: its mode is what keeps others out. Over TCP the address is missing where the
    // peer has reset the connection before it was accepted, and what it sent can be read all the same.
    if (this.#overTcp && this.#peers !== undefined && !this.#peers.allows(peer)) {
      logSafely(() => this.#log.warn({ code: "ERR_PEER_NOT_ALLOWED", peer }, "Closed a connection"));
      socket.destroy();
      return;
    }
    this.accept(socket);
  };

  readonly #tick = (): void => {
    this.#now = performance.now();
    for (const connection of this.#connections) connection.expire(this.#now);
  };

  async #close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const connection of this.#connections) connection.closeWhenIdle();
    this.#closingTimer = setTimeout(() => this.#cutShort(), timerDelay(this.timeouts.shutdown));
    if (this.#connections.size > 0) await emptied;
    clearTimeout(this.#closingTimer);
    await stopped;
    clearInterval(this.#ticker);
  }

  #cutShort(): void {
    const reason = new AbortedError(
      "ERR_ABORTED_SHUTDOWN",
      "Cannot complete request: the server is shutting down",
    );
    for (const connection of this.#connections) connection.refuseAll(reason);
    // What was just written gets a moment to leave.
    this.#closingTimer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, timerDelay(this.timeouts.abortGrace));
  }
}

/** A time-out as Node.js takes it: a longer one, Infinity too, would strike at once. */
function timerDelay(time: number): number {
  return Math.min(time, 2 ** 31 - 1);
}

/** Keeps what the system said, which names neither the folder that is missing nor, for some errors, the address. */
function cannotListen(code: string, address: Address, error: unknown): ConfigurationError {
  const isFolderMissing = address.kind === "unix" && !existsSync(dirname(address.path));
  const fact = isFolderMissing ? `there is no folder ${dirname(address.path)}` : (error as Error).message;
  return new ConfigurationError(code, `Cannot listen on ${formatAddress(address)}: ${fact}`, error);
}
