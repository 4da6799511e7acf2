import type { Params } from "./params.js";

/** Limits on what a peer can make the application side of one connection hold. */
export interface ApplicationSideLimits {
  /** Requests that may be active on one connection at once, unfinished ones included. */
  readonly requestsPerConnection: number;
  /** Bytes of FCGI_PARAMS in one request. */
  readonly paramsBytes: number;
  /** Name-value pairs in one request. */
  readonly paramsCount: number;
  /** Bytes of the name of a param. */
  readonly paramNameBytes: number;
  /** Bytes of the value of a param. */
  readonly paramValueBytes: number;
  /** Bytes of STDIN, and of DATA, in one request, even if a handler streams them. */
  readonly bodyBytes: number;
  /** Bytes of input that may wait for one request before the socket is no longer read. */
  readonly bufferedPerRequest: number;
  /** The same for all requests of a connection together. */
  readonly bufferedPerConnection: number;
}

/** The default limits. */
export const defaultLimits: ApplicationSideLimits = {
  requestsPerConnection: 100,
  paramsBytes: 256 * 1024,
  paramsCount: 1000,
  paramNameBytes: 4 * 1024,
  paramValueBytes: 128 * 1024,
  bodyBytes: 8 * 1024 ** 3,
  bufferedPerRequest: 256 * 1024,
  bufferedPerConnection: 4 * 1024 * 1024,
};

/** Which limit the params exceed, in words; undefined if none. */
export function excessOf(params: Params, limits: ApplicationSideLimits): string | undefined {
  const { paramsCount, paramNameBytes, paramValueBytes } = limits;
  if (params.size > paramsCount) return `there are more than ${paramsCount} params`;
  // A short block has no long parts.
  if (params.byteLength <= Math.min(paramNameBytes, paramValueBytes)) return undefined;
  const { longestName, longestValue } = params.measure();
  if (longestName > paramNameBytes) return `the name of a param is longer than ${paramNameBytes} bytes`;
  if (longestValue > paramValueBytes) return `the value of a param is longer than ${paramValueBytes} bytes`;
  return undefined;
}
