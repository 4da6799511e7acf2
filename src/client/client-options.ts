import type { Duplex } from "node:stream";

import { ConfigurationError } from "../errors.js";
import type { AddressLike } from "../protocol/address.js";
import type { ClientObserver } from "./client-observer.js";

/** How long a client waits, in milliseconds. Infinity disables a limit. */
export interface ClientTimeouts {
  /** For a connection. Default: 10 s. */
  readonly connect: number;
  /**
   * For any progress of a request: the application reads a piece of the body, or sends a byte of STDOUT or STDERR. Default:
   * 60 s. Time spent waiting for the caller, who provides the body and reads the response, does not count. To limit a request
   * as a whole, set its `timeout`.
   */
  readonly response: number;
  /** For END_REQUEST after ABORT_REQUEST, before the connection is closed. Default: 2 s. */
  readonly abort: number;
  /** For the next request on a kept connection, before it is closed. Default: 30 s. */
  readonly idle: number;
}

/** Limits on what an application can make a client hold in memory. */
export interface ClientLimits {
  /** Bytes of a CGI header block. Default: 64 KiB. */
  readonly headerBytes: number;
  /** Fields of a CGI header block. Default: 256. */
  readonly headerCount: number;
  /** Unread bytes of a response above which its connection is not read. Default: 256 KiB. */
  readonly bufferedPerRequest: number;
  /** The same for all responses of a connection together. Default: 4 MiB. */
  readonly bufferedPerConnection: number;
  /** Bytes of STDERR that are kept for a request; more is discarded. Default: 64 KiB. */
  readonly stderrBytes: number;
}

interface CommonOptions {
  /** Whether connections are kept for further requests (FCGI_KEEP_CONN). Default: true. */
  readonly keepConnection?: boolean | undefined;
  /** The maximum number of open connections. Default: 16. FCGI_MAX_CONNS can lower it. */
  readonly maxConnections?: number | undefined;
  /**
   * Whether requests share connections; requires {@link keepConnection}. By default, each new connection asks the
   * application (GET_VALUES, section 4.1) together with its first request. `true` shares without asking, `false` never
   * shares.
   */
  readonly multiplex?: boolean | undefined;
  /** The maximum number of requests that share a connection. Default: 100. FCGI_MAX_REQS can lower it. */
  readonly requestsPerConnection?: number | undefined;
  readonly timeouts?: Partial<ClientTimeouts> | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
  /** Sees all bytes that travel, in both directions. Default: none. */
  readonly observe?: ClientObserver | undefined;
}

/** Options of `FastCgiClient`: either an address, or a function that opens connections. */
export type ClientOptions =
  | (CommonOptions & {
      /** The address of the application, see `parseAddress`. */
      readonly address: AddressLike;
      readonly connect?: undefined;
    })
  | (CommonOptions & {
      readonly address?: undefined;
      /** Opens a connection to the application: any duplex stream of bytes. */
      readonly connect: () => Duplex | Promise<Duplex>;
    });

/** {@link ClientOptions} with all defaults. */
export interface ClientSettings {
  readonly keepConnection: boolean;
  readonly maxConnections: number;
  readonly multiplex: boolean | undefined;
  readonly requestsPerConnection: number;
  readonly timeouts: ClientTimeouts;
  readonly limits: ClientLimits;
  readonly observe: ClientObserver | undefined;
}

const clientTimeouts: ClientTimeouts = { connect: 10_000, response: 60_000, abort: 2_000, idle: 30_000 };

const clientLimits: ClientLimits = {
  headerBytes: 64 * 1024,
  headerCount: 256,
  bufferedPerRequest: 256 * 1024,
  bufferedPerConnection: 4 * 1024 * 1024,
  stderrBytes: 64 * 1024,
};

/**
 * Applies the defaults.
 *
 * @throws ConfigurationError `ERR_CLIENT_OPTION` for invalid options
 */
export function settingsOf(options: ClientOptions): ClientSettings {
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError(
      "ERR_CLIENT_OPTION",
      `Cannot create client: the options are ${options === null ? "null" : typeof options}, not an object; ` +
        'write new FastCgiClient({ address: "127.0.0.1:9000" })',
    );
  }
  const { keepConnection = true, maxConnections = 16, requestsPerConnection = 100 } = options;
  requirePositive("maxConnections", maxConnections);
  requirePositive("requestsPerConnection", requestsPerConnection);
  for (const [name, value] of Object.entries(options.timeouts ?? {})) {
    if (!(value > 0)) throw wrongOption(`timeouts.${name}`, "a positive number of milliseconds");
  }
  return {
    keepConnection,
    maxConnections,
    multiplex: keepConnection ? options.multiplex : false,
    requestsPerConnection,
    timeouts: { ...clientTimeouts, ...options.timeouts },
    limits: { ...clientLimits, ...options.limits },
    observe: options.observe,
  };
}

function requirePositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw wrongOption(name, "a positive integer");
}

function wrongOption(name: string, expected: string): ConfigurationError {
  return new ConfigurationError("ERR_CLIENT_OPTION", `Cannot create client: ${name} is not ${expected}`);
}
