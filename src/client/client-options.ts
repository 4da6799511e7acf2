import type { Duplex } from "node:stream";

import { ConfigurationError } from "../errors.js";
import type { AddressLike } from "../protocol/address.js";

/** How long a client waits, in milliseconds; Infinity for ever. */
export interface ClientTimeouts {
  /** For a connection to be made; 10 s where nothing else is said. */
  readonly connect: number;
  /**
   * For the application to do something for a request: to take a piece of its body, or to send a byte of its answer or of
   * STDERR. It bounds the silence and not the whole answer, which `timeout` of a request does. Time in which the caller
   * is awaited, for a piece of the body or to read the answer, does not count. 60 s.
   */
  readonly response: number;
  /** For END_REQUEST behind ABORT_REQUEST, until the connection is given up; 2 s. */
  readonly abort: number;
  /** For the next request on a kept connection, until it is closed; 30 s. */
  readonly idle: number;
}

/** The bounds of what an application can make a client hold. */
export interface ClientLimits {
  /** Bytes of a CGI header block; 64 KiB. */
  readonly headerBytes: number;
  /** Fields of a CGI header block; 256. */
  readonly headerCount: number;
  /** Bytes of an answer that wait for their reader, above which its connection is not read; 256 KiB. */
  readonly bufferedPerRequest: number;
  /** The same for all answers of a connection together; 4 MiB. */
  readonly bufferedPerConnection: number;
  /** Bytes of STDERR that are kept of one request; 64 KiB. What is longer is cut. */
  readonly stderrBytes: number;
}

interface CommonOptions {
  /** Whether connections are kept for further requests (FCGI_KEEP_CONN); true where nothing else is said. */
  readonly keepConnection?: boolean | undefined;
  /** Connections that may be open at once; 16 where nothing else is said. FCGI_MAX_CONNS may lower it. */
  readonly maxConnections?: number | undefined;
  /**
   * Whether requests share connections. Left out, each new connection asks the application (GET_VALUES, section 4.1)
   * together with its first request, and shares when the answer says so; `true` shares unasked, `false` never.
   * Needs {@link keepConnection}.
   */
  readonly multiplex?: boolean | undefined;
  /** Requests that may share a connection at most; 100 where nothing else is said. FCGI_MAX_REQS may lower it. */
  readonly requestsPerConnection?: number | undefined;
  readonly timeouts?: Partial<ClientTimeouts> | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
}

/** What a `FastCgiClient` is made with: an address, or a function that makes connections. */
export type ClientOptions =
  | (CommonOptions & {
      /** Where the application listens, see `parseAddress`. */
      readonly address: AddressLike;
      readonly connect?: undefined;
    })
  | (CommonOptions & {
      readonly address?: undefined;
      /** Makes a new connection to the application; any two-way stream of bytes will do. */
      readonly connect: () => Duplex | Promise<Duplex>;
    });

/** {@link ClientOptions} with every default filled in. */
export interface ClientSettings {
  readonly keepConnection: boolean;
  readonly maxConnections: number;
  readonly multiplex: boolean | undefined;
  readonly requestsPerConnection: number;
  readonly timeouts: ClientTimeouts;
  readonly limits: ClientLimits;
}

const defaultTimeouts: ClientTimeouts = { connect: 10_000, response: 60_000, abort: 2_000, idle: 30_000 };

const defaultLimits: ClientLimits = {
  headerBytes: 64 * 1024,
  headerCount: 256,
  bufferedPerRequest: 256 * 1024,
  bufferedPerConnection: 4 * 1024 * 1024,
  stderrBytes: 64 * 1024,
};

/**
 * Fills in the defaults.
 *
 * @throws ConfigurationError `ERR_CLIENT_OPTION` for a number that makes no sense
 */
export function settingsOf(options: ClientOptions): ClientSettings {
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
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    limits: { ...defaultLimits, ...options.limits },
  };
}

function requirePositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw wrongOption(name, "a whole number from 1 on");
}

function wrongOption(name: string, expected: string): ConfigurationError {
  return new ConfigurationError("ERR_CLIENT_OPTION", `Cannot create client: ${name} is not ${expected}`);
}
