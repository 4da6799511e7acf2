import type { Call } from "./call.js";
import { ClientConnection, type ClientConnectionOwner, type Learned } from "./client-connection.js";
import { ClientError } from "./client-error.js";
import type { ClientSettings } from "./client-options.js";
import { ConnectionLimit } from "./connection-limit.js";
import type { Connector } from "./open-transport.js";
import { UnheardConnections } from "./unheard-connections.js";
import type { Values } from "./values.js";

/** Something that waits for a connection. */
interface Waiting {
  take(connection: ClientConnection): void;
  fail(error: unknown): void;
}

/**
 * The connections of one client and the requests that wait for one. A request goes to a connection that has room, else
 * to a new one, else it waits; who waits is served in the order of arrival. A kept connection that becomes idle is closed
 * where there are more than the application takes, or where one of the others may wait for it, see `UnheardConnections`.
 */
export class ConnectionPool implements ClientConnectionOwner {
  readonly settings: ClientSettings;
  readonly #connect: Connector;
  readonly #connections = new Set<ClientConnection>();
  readonly #waiting = new Set<Waiting>();
  /** Those whose kept connection was closed under them: the next one is one that nothing was sent on, and they go first. */
  readonly #again = new Set<Waiting>();
  readonly #unheard = new UnheardConnections<ClientConnection>(() => this.#closeIdle());
  #connecting = 0;
  readonly #limit: ConnectionLimit;
  /** Whether the application answers GET_VALUES at once, so that silence means that it has not accepted a connection. */
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

  /** Sends a call as soon as there is a connection for it. */
  send(call: Call): void {
    if (this.#closed) {
      call.reject(clientClosed());
      return;
    }
    const waiting: Waiting = {
      take: (connection) => connection.start(call),
      fail: (error) => call.reject(error),
    };
    const queue = call.needsNewConnection ? this.#again : this.#waiting;
    call.onCancel = (reason) => {
      queue.delete(waiting);
      call.reject(reason);
    };
    queue.add(waiting);
    this.#assign();
  }

  /** Asks the application for its values on any connection. */
  values(): Promise<Values> {
    if (this.#closed) return Promise.reject(clientClosed());
    return new Promise((resolve, reject) => {
      this.#waiting.add({
        take: (connection) => {
          connection.askValues().then(resolve, reject);
        },
        fail: reject,
      });
      this.#assign();
    });
  }

  /** Takes no further request; resolves when all that are active have ended and every connection is closed. */
  close(): Promise<void> {
    this.#refuseFurther();
    for (const connection of this.#connections) connection.retire();
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  /** Closes every connection at once; what is active fails. */
  destroy(): void {
    this.#refuseFurther();
    for (const connection of this.#connections) connection.destroy(clientClosed());
  }

  begun(connection: ClientConnection): void {
    // One that is not kept is accepted in its turn, as all others end.
    if (this.settings.keepConnection) this.#unheard.add(connection);
  }

  heard(connection: ClientConnection): void {
    this.#unheard.delete(connection);
    this.#limit.accepted(this.#countAccepted());
  }

  available(connection: ClientConnection): void {
    if (connection.idle && this.#isUnwanted(connection)) {
      connection.retire();
      return;
    }
    this.#assign();
    if (connection.idle) this.#unheard.wait();
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection);
    this.#unheard.delete(connection);
    if (this.#connections.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#assign();
  }

  retry(call: Call): void {
    // Where one kept connection was closed under us, the others that are idle were too: the next one shall be new.
    for (const connection of this.#connections) if (connection.active === 0) connection.retire();
    this.send(call);
  }

  multiplexRefused(): void {
    this.#multiplexing = false;
  }

  learned({ maxConnections, atOnce }: Learned): void {
    this.#limit.said(maxConnections);
    this.#answersAtOnce ||= atOnce;
  }

  /** Whether an idle connection is to be closed, so that the process that holds it can accept another one. */
  #isUnwanted(connection: ClientConnection): boolean {
    const { size } = this.#connections;
    if (size > this.#limit.value || (size === this.#limit.value && this.#again.size > 0)) return true;
    if (connection.multiplexes || !this.#unheard.claim()) return false;
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
      // One that was never used is in the queue itself, and would hold a process as soon as it is accepted.
      if (!connection.idle) continue;
      if (connection.unused || this.#isUnwanted(connection)) connection.retire();
      else if (!connection.multiplexes) this.#unheard.wait();
    }
  }

  #refuseFurther(): void {
    this.#closed = true;
    for (const queue of [this.#again, this.#waiting]) {
      for (const waiting of queue) waiting.fail(clientClosed());
      queue.clear();
    }
  }

  #assign(): void {
    for (const queue of [this.#again, this.#waiting]) {
      for (const waiting of queue) {
        const connection = queue === this.#again ? this.#pickUnused() : this.#pick();
        if (connection === undefined) break;
        queue.delete(waiting);
        waiting.take(connection);
      }
    }
    const size = this.#again.size + this.#waiting.size;
    if (size === 0) return;
    const wanted = Math.min(size, this.#limit.value - this.#connections.size);
    while (this.#connecting < wanted) this.#open();
    if (this.#connecting === 0 && this.#limit.tries(this.#connections.size)) this.#open();
  }

  /** The connection with the most room; one whose answers are not being read only when no new one may be opened. */
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
            new ClientError("ERR_CLIENT_CONNECT", "Cannot connect: the connection is closed already"),
          );
          return;
        }
        const connection = new ClientConnection(transport, this);
        this.#connections.add(connection);
        this.#assign();
        if (connection.idle) this.#unheard.wait();
      },
      (error: unknown) => {
        this.#connecting -= 1;
        this.#connectFailed(error);
      },
    );
  }

  /** Each failed attempt is the answer to the request that has waited longest; the others get attempts of their own. */
  #connectFailed(error: unknown): void {
    const queue = this.#again.size > 0 ? this.#again : this.#waiting;
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
