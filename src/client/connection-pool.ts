import type { PendingRequest } from "./pending-request.js";
import { ClientConnection } from "./client-connection.js";
import { ClientError } from "./client-error.js";
import type { ClientSettings } from "./client-options.js";
import { ConnectionLimit } from "./connection-limit.js";
import type { ClientConnectionOwner } from "./connection-owner.js";
import type { Connector } from "./open-transport.js";
import { UnacceptedConnections } from "./unaccepted-connections.js";
import type { ReportedValues, Values } from "./values.js";

/** A request, or GET_VALUES, that waits for a connection. */
interface Waiting {
  start(connection: ClientConnection): void;
  fail(error: unknown): void;
}

/**
 * The connections of one client, and the requests that wait for one. A request is sent on a connection that has room, else on
 * a new one, else it waits, first come first served. A kept connection that becomes idle is closed if there are more than
 * the application accepts, or if another one may wait for its process; see `UnacceptedConnections`.
 */
export class ConnectionPool implements ClientConnectionOwner<ClientConnection> {
  readonly settings: ClientSettings;
  readonly #connect: Connector;
  readonly #connections = new Set<ClientConnection>();
  readonly #waiting = new Set<Waiting>();
  /** Requests whose kept connection was closed by the peer: they go first, and need an unused connection. */
  readonly #retries = new Set<Waiting>();
  readonly #unaccepted = new UnacceptedConnections<ClientConnection>(() => this.#closeIdle());
  #connecting = 0;
  readonly #limit: ConnectionLimit;
  /** Whether the application answers GET_VALUES at once, so that silence means that it did not accept a connection. */
  #answersAtOnce = false;
  #multiplexing: boolean;
  #closed = false;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(settings: ClientSettings, connect: Connector) {
    this.settings = settings;
    this.#connect = connect;
    this.#limit = new ConnectionLimit(settings.maxConnections);
    this.#multiplexing = settings.multiplex !== false;
  }

  get multiplexing(): boolean {
    return this.#multiplexing;
  }

  /** Sends a request as soon as a connection is available. */
  send(request: PendingRequest): void {
    if (this.#closed) {
      request.reject(clientClosed());
      return;
    }
    const waiting: Waiting = {
      start: (connection) => connection.start(request),
      fail: (error) => request.reject(error),
    };
    const queue = request.needsNewConnection ? this.#retries : this.#waiting;
    request.onCancel = (reason) => {
      queue.delete(waiting);
      request.reject(reason);
    };
    queue.add(waiting);
    this.#assign();
  }

  /** Asks the application for its values on any connection. */
  values(): Promise<Values> {
    if (this.#closed) return Promise.reject(clientClosed());
    return new Promise((resolve, reject) => {
      this.#waiting.add({
        start: (connection) => {
          connection.askValues().then(resolve, reject);
        },
        fail: reject,
      });
      this.#assign();
    });
  }

  /** Accepts no more requests. Resolves when all active ones have ended and every connection is closed. */
  close(): Promise<void> {
    this.#refuseWaiting();
    for (const connection of this.#connections) connection.retire();
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  /** Closes every connection at once. Active requests fail. */
  destroy(): void {
    this.#refuseWaiting();
    for (const connection of this.#connections) connection.destroy(clientClosed());
  }

  begun(connection: ClientConnection): void {
    // Without keep-alive, every connection is accepted in its turn.
    if (this.settings.keepConnection) this.#unaccepted.add(connection);
  }

  accepted(connection: ClientConnection): void {
    this.#unaccepted.delete(connection);
    this.#limit.accepted(this.#countAccepted());
  }

  available(connection: ClientConnection): void {
    if (connection.idle && this.#shouldClose(connection)) {
      connection.retire();
      return;
    }
    this.#assign();
    if (connection.idle) this.#unaccepted.wait();
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection);
    this.#unaccepted.delete(connection);
    if (this.#connections.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#assign();
  }

  retry(request: PendingRequest): void {
    // If the peer closed one kept connection, it probably closed the other idle ones: use a new one.
    for (const connection of this.#connections) if (connection.active === 0) connection.retire();
    this.send(request);
  }

  multiplexRefused(): void {
    this.#multiplexing = false;
  }

  valuesReported({ maxConnections, atOnce }: ReportedValues): void {
    this.#limit.reported(maxConnections);
    this.#answersAtOnce ||= atOnce;
  }

  /** Whether to close an idle connection, so that the process that holds it can accept another one. */
  #shouldClose(connection: ClientConnection): boolean {
    const { size } = this.#connections;
    if (size > this.#limit.value || (size === this.#limit.value && this.#retries.size > 0)) return true;
    if (connection.multiplexes || !this.#unaccepted.claim()) return false;
    if (this.#answersAtOnce) this.#limit.leftWaiting(this.#countAccepted());
    return true;
  }

  #countAccepted(): number {
    let count = 0;
    for (const { accepted } of this.#connections) if (accepted) count += 1;
    return count;
  }

  #closeIdle(): void {
    for (const connection of this.#connections) {
      // An unused connection may still be in the queue itself, and would hold a process once it is accepted.
      if (!connection.idle) continue;
      if (connection.unused || this.#shouldClose(connection)) connection.retire();
      else if (!connection.multiplexes) this.#unaccepted.wait();
    }
  }

  #refuseWaiting(): void {
    this.#closed = true;
    for (const queue of [this.#retries, this.#waiting]) {
      for (const waiting of queue) waiting.fail(clientClosed());
      queue.clear();
    }
  }

  #assign(): void {
    for (const queue of [this.#retries, this.#waiting]) {
      for (const waiting of queue) {
        const connection = queue === this.#retries ? this.#pickUnused() : this.#pick();
        if (connection === undefined) break;
        queue.delete(waiting);
        waiting.start(connection);
      }
    }
    const size = this.#retries.size + this.#waiting.size;
    if (size === 0) return;
    const wanted = Math.min(size, this.#limit.value - this.#connections.size);
    while (this.#connecting < wanted) this.#open();
    if (this.#connecting === 0 && this.#limit.tries(this.#connections.size)) this.#open();
  }

  /** The connection with the most room. One whose responses are unread is used only if no new one can be opened. */
  #pick(): ClientConnection | undefined {
    const exhausted = this.#connections.size + this.#connecting >= this.#limit.value;
    let best: ClientConnection | undefined;
    for (const connection of this.#connections) {
      if (connection.room < 1 || (connection.paused && !exhausted)) continue;
      if (best === undefined || connection.room > best.room) best = connection;
    }
    return best;
  }

  #pickUnused(): ClientConnection | undefined {
    for (const connection of this.#connections)
      if (connection.unused && connection.room > 0) return connection;
    return undefined;
  }

  #open(): void {
    this.#connecting += 1;
    this.#connect().then(
      (transport) => {
        this.#connecting -= 1;
        if (this.#closed) {
          transport.destroy();
          return;
        }
        if (transport.destroyed) {
          this.#connectFailed(
            new ClientError("ERR_CLIENT_CONNECT", "Cannot connect: the connection is already closed"),
          );
          return;
        }
        const connection = new ClientConnection(transport, this);
        this.#connections.add(connection);
        this.#assign();
        if (connection.idle) this.#unaccepted.wait();
      },
      (error: unknown) => {
        this.#connecting -= 1;
        this.#connectFailed(error);
      },
    );
  }

  /** A failed attempt fails the request that has waited longest; the others get their own attempts. */
  #connectFailed(error: unknown): void {
    const queue = this.#retries.size > 0 ? this.#retries : this.#waiting;
    const [first] = queue;
    if (first === undefined) return;
    queue.delete(first);
    first.fail(error);
    this.#assign();
  }
}

function clientClosed(): ClientError {
  return new ClientError("ERR_CLIENT_CLOSED", "Cannot complete request: the client is closed", {
    fault: "local",
  });
}
