import { blamingCaller } from "../usage/caller.js";
import { refuseUnknownOptions } from "../usage/options-of.js";
import { Call } from "./call.js";
import { settingsOf, type ClientOptions } from "./client-options.js";
import type { ClientRequest } from "./client-request.js";
import type { ClientResponse } from "./client-response.js";
import { ConnectionPool } from "./connection-pool.js";
import { connectorOf } from "./open-transport.js";

/**
 * Speaks FastCGI as the Web server does: sends requests of any role to an application and reads its answers.
 *
 * Connections are kept and shared as far as the application allows. A request whose kept connection turns out to be
 * closed is sent once more on a new one, if nothing of its answer came, its body is no stream and its REQUEST_METHOD is
 * idempotent.
 */
export class FastCgiClient {
  readonly #pool: ConnectionPool;

  /** @throws ConfigurationError `ERR_ADDRESS`, `ERR_OPTION` or `ERR_CLIENT_OPTION` */
  constructor(options: ClientOptions) {
    this.#pool = blamingCaller(FastCgiClient, () => {
      refuseUnknownOptions("FastCgiClient", options);
      const settings = settingsOf(options);
      return new ConnectionPool(settings, connectorOf(options, settings.timeouts.connect));
    });
  }

  /**
   * Sends a request; resolves as soon as the header block of the answer is there, while the request's body may still be
   * on its way.
   *
   * @throws ClientError when there is no usable answer; the signal's reason when it is aborted; TypeError or RangeError
   *   for a request that makes no sense
   */
  request(request: ClientRequest): Promise<ClientResponse> {
    return new Promise((resolve, reject) => {
      this.#pool.send(new Call(request, { resolve, reject }));
    });
  }

  /** What the application says of itself: FCGI_MAX_CONNS, FCGI_MAX_REQS, FCGI_MPXS_CONNS (section 4.1), as far as it does. */
  async values(): Promise<Record<string, string>> {
    return Object.fromEntries(await this.#pool.values());
  }

  /** Takes no further request; resolves when the active ones have ended and all connections are closed. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Closes all connections at once; active requests fail with `ERR_CLIENT_CLOSED`. */
  destroy(): void {
    this.#pool.destroy();
  }
}
