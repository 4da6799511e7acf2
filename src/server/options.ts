import { ConfigurationError } from "../errors.js";
import { ValueName } from "../protocol/constants.js";
import { defaultLimits, type ApplicationSideLimits } from "../protocol/limits.js";

/** Limits on what peers can make a server hold. */
export interface ServerLimits extends ApplicationSideLimits {
  /** Connections that may be open at once; further ones are closed as soon as they are accepted. */
  readonly connections: number;
  /** Requests that may be active at once in this server, over all connections. */
  readonly requests: number;
  /** Bytes of input that may wait for handlers in all connections together. */
  readonly bufferedPerServer: number;
  /** Bytes that are read and dropped after the last answer of a connection, so that a reset does not destroy it. */
  readonly drainBytes: number;
}

/** How long a server waits, in ms; Infinity for no limit. Checked eight times a second; never strikes early. */
export interface ServerTimeouts {
  /** From BEGIN_REQUEST to the end of PARAMS. */
  readonly params: number;
  /** For the next piece of a body that a handler waits for. */
  readonly body: number;
  /** For a peer to take the next bytes of an answer. */
  readonly send: number;
  /** For a handler that listens to its signal, from ABORT_REQUEST to END_REQUEST. */
  readonly abortGrace: number;
  /** For a peer that has closed its side, before its connection is closed. */
  readonly halfClosed: number;
  /** For a connection without an active request, until it is closed. */
  readonly idle: number;
  /** For a peer to close its side after the last answer. */
  readonly drain: number;
  /** From the start of a graceful close until active requests are aborted. */
  readonly shutdown: number;
}

/** The default limits of a server. */
export const defaultServerLimits: ServerLimits = {
  ...defaultLimits,
  connections: 4096,
  requests: 10_000,
  bufferedPerServer: 256 * 1024 * 1024,
  // Caddy reads no answer before it has sent the whole request body, so reading too little would lose the answer.
  drainBytes: 4 * 1024 ** 3,
};

/** The default time-outs of a server. */
export const defaultServerTimeouts: ServerTimeouts = {
  params: 10_000,
  body: 60_000,
  send: 60_000,
  abortGrace: 1_000,
  halfClosed: 1_000,
  // Web servers close idle connections earlier; closing last cannot cut off a request that is on its way.
  idle: 600_000,
  drain: 30_000,
  shutdown: 30_000,
};

/**
 * Fills in the defaults.
 *
 * @throws ConfigurationError `ERR_LIMIT_VALUE` for a value that is not a number from 0 up: NaN would limit nothing
 */
export function withDefaults<T extends ServerLimits | ServerTimeouts>(
  defaults: T,
  given: Partial<T> = {},
): T {
  const values = { ...defaults };
  for (const name in given) {
    const value: unknown = given[name];
    if (value === undefined) continue;
    if (!(name in defaults) || typeof value !== "number" || !(value >= 0)) {
      throw new ConfigurationError(
        "ERR_LIMIT_VALUE",
        `Cannot serve: ${name} is ${typeof value === "number" ? value : typeof value}; expected a limit or time-out that exists, and a number of 0 or more`,
      );
    }
    values[name] = value as T[typeof name];
  }
  return values;
}

/** The answers to GET_VALUES (section 4.1): the limits that a server enforces. */
export function limitValues(limits: ServerLimits): Readonly<Record<ValueName, string>> {
  const { connections, requests, requestsPerConnection } = limits;
  return {
    [ValueName.MaxConns]: String(connections),
    // HAProxy opens as many streams on one connection as this says, so it cannot be more than one connection takes.
    [ValueName.MaxReqs]: String(Math.min(requests, requestsPerConnection)),
    [ValueName.MpxsConns]: requestsPerConnection > 1 ? "1" : "0",
  };
}
