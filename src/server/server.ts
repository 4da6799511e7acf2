import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";

import { ConfigurationError, type TricornError } from "../errors.js";
import { parseAddress, type AddressLike } from "../protocol/address.js";
import { LogBudgets } from "../log/log-budgets.js";
import { logSafely } from "../log/log-safely.js";
import type { Application } from "../protocol/application-side/application.js";
import { blocks } from "../protocol/block-pool.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { ValueName } from "../protocol/constants.js";
import { fastCgi, type Framing } from "../protocol/framing.js";
import { AcceptedSocket, type SocketHandle } from "./accepted-socket.js";
import { PeerPolicy } from "./allowed-peers.js";
import type { IdleEnd } from "./connection-life.js";
import { Connection, type ConnectionOwner } from "./connection.js";
import type { Gift } from "./giving.js";
import type { Offer, OfferedConnection } from "./hand-over.js";
import { Listener } from "./listener.js";
import {
  defaultServerLimits,
  defaultServerTimeouts,
  limitValues,
  withDefaults,
  type ServerLimits,
  type ServerTimeouts,
} from "./options.js";
import { ServerEnd } from "./server-end.js";
import { SharedLoad } from "./shared-load.js";
import type { SocketAccess } from "./socket-access.js";

/** How often deadlines are checked; ms. Those of connections count from the next check, so they strike at most two checks late. */
const TICK = 125;

/** The options of a server. */
export interface ServerOptions {
  readonly log: Logger;
  readonly limits?: Partial<ServerLimits> | undefined;
  readonly timeouts?: Partial<ServerTimeouts> | undefined;
  /**
   * IP addresses and networks that may connect over TCP, or `any`; FCGI_WEB_SERVER_ADDRS by default. An address that other
   * machines can reach needs one of the two: FastCGI and SCGI have no authentication.
   */
  readonly allowedPeers?: readonly string[] | "any" | undefined;
  /** Who may connect to a unix socket; its owner and group by default. */
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
  readonly #peers: PeerPolicy;
  readonly #socketAccess: SocketAccess | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #now = performance.now();
  /** Active requests and waiting bytes of all connections. Kept and not summed: each BEGIN_REQUEST and chunk needs them. */
  #active = 0;
  #buffered = 0;
  /** Connections that were accepted. */
  #accepted = 0;
  /** Requests that began, and those that were refused. */
  #requests = 0;
  #refusals = 0;
  readonly #end: ServerEnd;
  readonly #load: SharedLoad;

  constructor(application: Application, options: ServerOptions) {
    this.application = application;
    this.limits = withDefaults(defaultServerLimits, options.limits);
    this.timeouts = withDefaults(defaultServerTimeouts, options.timeouts);
    this.#log = options.log;
    this.#socketAccess = options.socketAccess;
    this.#peers = new PeerPolicy(options.allowedPeers);
    this.values = limitValues(this.limits);
    this.#load = new SharedLoad(this.#connections);
    this.#end = new ServerEnd({
      timeouts: this.timeouts,
      listeners: this.#listeners,
      connections: this.#connections,
      accepted: () => this.#accepted,
      isFull: () => this.#isFull,
      ended: () => this.#stopTicking(),
    });
  }

  /** The last reading of the clock; ms. */
  get now(): number {
    return this.#now;
  }

  /** How many requests are active. */
  get activeRequests(): number {
    return this.#active;
  }

  /** How many requests have begun. */
  get requests(): number {
    return this.#requests;
  }

  /** How many requests a limit, a time limit or the end of the server has refused. */
  get refusals(): number {
    return this.#refusals;
  }

  /** The active requests, by connection. */
  *activeExchanges(): Generator<Exchange> {
    for (const connection of this.#connections) yield* connection.active;
  }

  /** How many connections are open. */
  get openConnections(): number {
    return this.#connections.size;
  }

  /** Where the server listens: `127.0.0.1:9000`, `unix:/run/app.sock`, or `fd:0` for an inherited socket. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => address);
  }

  /** The listening sockets as another process can get them, in the order of their addresses. */
  get listeningHandles(): readonly (SocketHandle | undefined)[] {
    return this.#listeners.map(({ handle }) => handle);
  }

  /** The addresses as one text, separated by commas; "" if it does not listen. */
  get address(): string {
    return this.addresses.join(", ");
  }

  /** The first TCP port; undefined if there is none. */
  get port(): number | undefined {
    return this.#listeners.find(({ port }) => port !== undefined)?.port;
  }

  /**
   * Starts to listen on one more address. Limits hold over all of them.
   *
   * @param name what errors call the address
   * @throws ConfigurationError `ERR_ADDRESS` for an address that cannot be read, `ERR_ADDRESS_IN_USE` for one that is
   * taken, `ERR_LISTEN` for one that the system refuses, `ERR_ALLOWED_PEERS` for one that other machines can reach
   * without a list of who may connect; the other addresses stay open
   */
  async listen(input: AddressLike, name?: string): Promise<void> {
    const address = parseAddress(input);
    if (address.kind === "tcp") this.#peers.checkHost(address.host, address.host);
    const listener = new Listener(address, {
      access: this.#socketAccess,
      accepted: this.#accept,
      failed: (error) => this.report(error),
    });
    this.#listeners.push(listener);
    try {
      await listener.open();
      if (this.#end.hasBegun) {
        throw new ConfigurationError(
          "ERR_LISTEN",
          `Cannot listen on ${listener.address}: the server was closed`,
        );
      }
      // Where an inherited socket is bound is known only now: spawn-fcgi and systemd bind a bare port on all interfaces.
      const { host } = listener;
      if (host !== undefined)
        this.#peers.checkHost(host, `${name ?? listener.address}, which is bound to ${host}`);
    } catch (error) {
      this.#listeners.splice(this.#listeners.indexOf(listener), 1);
      await listener.close();
      throw error;
    }
  }

  /** Drives the application with a connection that the caller made; no {@link listen} is needed. */
  accept(socket: Duplex, framing: Framing = fastCgi): Connection {
    if (this.#ticker === undefined) {
      this.#now = performance.now(); // It stands still without a connection.
      this.#ticker = setInterval(this.#tick, TICK).unref();
    }
    const connection = new Connection(socket, this, framing);
    this.#connections.add(connection);
    return connection;
  }

  /**
   * Accepts what has reached the process and no more, closes idle connections, lets active requests finish, and refuses those
   * that are still active after the shutdown time-out. Resolves when every connection is closed.
   */
  close(idleEnd: IdleEnd = "at once"): Promise<void> {
    return this.#end.close(idleEnd);
  }

  /** The other processes of {@link leave} are gone: serves what is left until its peers close, or others come. */
  keep(): void {
    this.#load.keep();
    this.#end.keep();
  }

  /**
   * Leaves its place to another process: accepts no more, reads no request more on an idle connection, and hands each connection
   * over as soon as no request is active on it. What is active after the shutdown time-out is refused; {@link close} ends the
   * hand-over. The listening sockets stay open in the processes that share them. Resolves when no connection is left.
   */
  leave(offer: Offer): Promise<void> {
    this.#load.keep();
    return this.#end.leave(offer);
  }

  /** Measures what has come to this server since the last call: requests a second, and connections. */
  measureLoad(): number {
    this.#load.measure(this.#requests);
    return this.#load.value;
  }

  /** Gives a part of its load away, and stays; replaces what it gave before. */
  give(gift: Gift, offer: Offer): void {
    if (!this.#end.hasBegun) this.#load.give(gift, offer);
  }

  /**
   * Takes a connection from another process. It is not read until `read` is called.
   *
   * @returns undefined if a limit or its address refuses it
   */
  adopt({ handle, unread, rate }: OfferedConnection): { read(): void; forget(): void } | undefined {
    if (this.#end.hasBegun || this.#isFull) return undefined;
    const socket = AcceptedSocket.adopt(handle);
    const peer = socket.remoteAddress;
    if (peer !== undefined && !this.#peers.admits(peer)) return undefined;
    return {
      read: () => {
        const connection = this.accept(socket);
        connection.rate = rate ?? 0;
        this.#load.took(rate);
        connection.receiveFirst(unread);
      },
      forget: () => void socket.destroy(),
    };
  }

  admit(): boolean {
    return this.#active < this.limits.requests;
  }

  activeChanged(by: number): void {
    this.#active += by;
    if (by > 0) this.#requests += by;
  }

  refused(): void {
    this.#refusals += 1;
  }

  get inputFull(): boolean {
    return this.#buffered >= this.limits.bufferedPerServer;
  }

  bufferedChanged(by: number): void {
    this.#buffered += by;
  }

  report(error: Error): void {
    const { code } = error as TricornError;
    // No stack: the peer is at fault.
    this.#warnClosed(code ?? error.name, { code, error: `${error.name}: ${error.message}` });
  }

  #warnClosed(kind: string, facts: object): void {
    const more = this.#budgets.admit(kind);
    if (more !== undefined) logSafely(() => this.#log.warn({ ...facts, ...more }, "Closed a connection"));
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#end.emptied();
  }

  readonly #accept = (socket: Socket, { host, framing }: Listener): void => {
    this.#accepted += 1;
    if (this.#isFull) {
      socket.destroy();
      return;
    }
    const peer = socket.remoteAddress;
    // A unix socket has no peer address: its mode restricts who connects.
    if (host !== undefined && !this.#peers.admits(peer)) {
      const code = "ERR_PEER_NOT_ALLOWED";
      this.#warnClosed(code, { code, peer });
      socket.destroy();
      return;
    }
    this.#load.accepted(this.accept(socket, framing));
  };

  get #isFull(): boolean {
    return this.#connections.size >= this.limits.connections;
  }

  readonly #tick = (): void => {
    this.#now = performance.now();
    for (const connection of this.#connections) connection.expire(this.#now);
    blocks.trim();
  };

  #stopTicking(): void {
    clearInterval(this.#ticker);
    // No tick follows: those that were needed since the last one are freed too.
    blocks.trim();
    blocks.trim();
  }
}
