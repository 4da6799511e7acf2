import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";

import { AbortedError, ConfigurationError, type TricornError } from "../errors.js";
import { parseAddress, type AddressLike } from "../protocol/address.js";
import { LogBudgets } from "../log/log-budgets.js";
import { logSafely } from "../log/log-safely.js";
import type { Application } from "../protocol/application-side/application.js";
import { ValueName } from "../protocol/constants.js";
import { isLoopback, parseAllowedPeers, peersFromEnvironment, type AllowedPeers } from "./allowed-peers.js";
import { Connection, type ConnectionOwner } from "./connection.js";
import { lastTurns } from "./last-turns.js";
import { Listener } from "./listener.js";
import { BACKLOG } from "./listening.js";
import { neverEarly } from "./never-early.js";
import {
  defaultServerLimits,
  defaultServerTimeouts,
  withDefaults,
  type ServerLimits,
  type ServerTimeouts,
} from "./options.js";
import type { SocketAccess } from "./socket-access.js";

/** What keeps others out. */
const PEERS_CURE =
  'name the Web servers in allowedPeers or FCGI_WEB_SERVER_ADDRS, or say "any" in allowedPeers';

/** Deadlines are looked at this often; ms. Those of connections count from the next look on, so they strike two looks late at most. */
const TICK = 125;

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
  readonly #budgets = new LogBudgets();
  readonly #listeners: Listener[] = [];
  readonly #connections = new Set<Connection>();
  readonly #peers: AllowedPeers | undefined;
  readonly #anyPeer: boolean;
  readonly #socketAccess: SocketAccess | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #now = performance.now();
  #active = 0;
  #buffered = 0;
  /** Connections that were accepted. */
  #accepted = 0;
  #closing: Promise<void> | undefined;
  #forgetClosingTimer = (): void => {};
  /** Set when what is active is not waited for any more. */
  #cutShort: AbortedError | undefined;
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
  }

  /** What the clock said when deadlines were looked at last; ms. */
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
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => address);
  }

  /** The same in one text, with commas between; "" where it does not listen. */
  get address(): string {
    return this.addresses.join(", ");
  }

  /** The first TCP port, or undefined where it has none. */
  get port(): number | undefined {
    return this.#listeners.find(({ port }) => port !== undefined)?.port;
  }

  /**
   * Starts to listen on one more address. What is bounded is bounded over all of them.
   *
   * @throws ConfigurationError `ERR_ADDRESS` for an address that cannot be read, `ERR_ADDRESS_IN_USE` for one that is
   * taken, `ERR_LISTEN` for one that the system refuses, `ERR_ALLOWED_PEERS` for one that other machines can reach
   * although nobody said who may connect; the others that it listens on stay open
   */
  async listen(input: AddressLike): Promise<void> {
    const address = parseAddress(input);
    if (address.kind === "tcp") this.#requirePeers(address.host, address.host);
    const listener = new Listener(address, {
      access: this.#socketAccess,
      accepted: this.#accept,
      failed: (error) => this.report(error),
    });
    this.#listeners.push(listener);
    try {
      await listener.open();
      if (this.#closing !== undefined) {
        throw new ConfigurationError(
          "ERR_LISTEN",
          `Cannot listen on ${listener.address}: the server was closed`,
        );
      }
      // Where an inherited socket is bound is known only now: spawn-fcgi and systemd bind a mere port for everybody.
      const { host } = listener;
      if (host !== undefined) this.#requirePeers(host, `${listener.address}, which is bound to ${host}`);
    } catch (error) {
      this.#listeners.splice(this.#listeners.indexOf(listener), 1);
      await listener.close();
      throw error;
    }
  }

  /** FastCGI knows no authentication. Whoever bound an inherited socket may have let in everybody without knowing. */
  #requirePeers(host: string, place: string): void {
    if (isLoopback(host) || this.#peers !== undefined || this.#anyPeer) return;
    throw new ConfigurationError(
      "ERR_ALLOWED_PEERS",
      `Cannot listen on ${place}: every host that reaches it could connect; ${PEERS_CURE}`,
    );
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
   * Takes what has reached the process and stops to accept, closes idle connections, lets what is in flight finish, and
   * answers what is still active after the shutdown time-out in the way of its role. Resolves when every connection is closed.
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
    // Where it was made says nothing: the peer is to blame.
    const facts = { code, error: `${error.name}: ${error.message}` };
    const more = this.#budgets.admit(code ?? error.name);
    if (more !== undefined) logSafely(() => this.#log.warn({ ...facts, ...more }, "Closed a connection"));
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  readonly #accept = (socket: Socket, { host }: Listener): void => {
    this.#accepted += 1;
    if (this.#connections.size >= this.limits.connections) {
      socket.destroy();
      return;
    }
    const peer = socket.remoteAddress;
    // A unix socket has no peer address: its mode is what keeps others out. Over TCP the address is missing where the
    // peer has reset the connection before it was accepted, and what it sent can be read all the same.
    if (host !== undefined && this.#peers !== undefined && !this.#peers.allows(peer)) {
      const code = "ERR_PEER_NOT_ALLOWED";
      const more = this.#budgets.admit(code);
      if (more !== undefined) logSafely(() => this.#log.warn({ code, peer, ...more }, "Closed a connection"));
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
    this.#forgetClosingTimer = neverEarly(this.timeouts.shutdown, this.#refuseAll);
    for (const listener of this.#listeners) listener.hide();
    await lastTurns({
      accepted: () => this.#accepted,
      most: BACKLOG * this.#listeners.length,
      // One more would be turned away; where somebody else holds the socket too, another process may take it.
      isOver: () => this.#cutShort !== undefined || this.#connections.size >= this.limits.connections,
    });
    const stopped = Promise.all(this.#listeners.map((listener) => listener.close()));
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const connection of this.#connections) connection.closeWhenIdle();
    // Some may have been accepted since.
    if (this.#cutShort !== undefined)
      for (const connection of this.#connections) connection.refuseAll(this.#cutShort);
    if (this.#connections.size > 0) await emptied;
    this.#forgetClosingTimer();
    await stopped;
    this.#listeners.length = 0;
    clearInterval(this.#ticker);
  }

  readonly #refuseAll = (): void => {
    const reason = new AbortedError(
      "ERR_ABORTED_SHUTDOWN",
      "Cannot complete request: the server is shutting down",
    );
    this.#cutShort = reason;
    for (const connection of this.#connections) connection.refuseAll(reason);
    // What was just written gets a moment to leave.
    this.#forgetClosingTimer = neverEarly(this.timeouts.abortGrace, () => {
      for (const connection of this.#connections) connection.destroy();
    });
  };
}
