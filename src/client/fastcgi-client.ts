import { blamingCaller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { PendingRequest } from "./pending-request.js";
import { settingsOf, type ClientOptions } from "./client-options.js";
import type { ClientRequest } from "./client-request.js";
import type { ClientResponse } from "./client-response.js";
import { ConnectionPool } from "./connection-pool.js";
import { connectorOf } from "./open-transport.js";

/**
 * A FastCGI client: it sends requests of any role to an application, as a Web server does, and reads the responses.
 *
 * Connections are kept and shared as far as the application allows. If a kept connection turns out to be closed, the request
 * is sent once more on a new one, provided that no part of a response arrived, the body is not a stream and REQUEST_METHOD is
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
   * Sends a request. Resolves when the header block of the response has arrived; the request's body may still be on its way.
   *
   * @throws ClientError if there is no usable response; the signal's reason if it is aborted; TypeError or RangeError for an
   *   invalid request; ConfigurationError `ERR_OPTION` for a property that a request does not have
   */
  request(request: ClientRequest): Promise<ClientResponse> {
    return new Promise((resolve, reject) => {
      refuseUnknownOptions("FastCgiClient.request", request);
      this.#pool.send(new PendingRequest(request, { resolve, reject }));
    });
  }

  /** The values that the application reports: FCGI_MAX_CONNS, FCGI_MAX_REQS, FCGI_MPXS_CONNS (section 4.1), each if known. */
  async values(): Promise<Record<string, string>> {
    return Object.fromEntries(await this.#pool.values());
  }

  /** Accepts no more requests. Resolves when the active ones have ended and all connections are closed. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Closes all connections at once; active requests fail with `ERR_CLIENT_CLOSED`. */
  destroy(): void {
    this.#pool.destroy();
  }
}
