/**
 * `tricorn/client`: a FastCGI client, which speaks as the Web server does.
 *
 * @module client
 */
export { FastCgiClient } from "./fastcgi-client.js";
export type { BodySource } from "./body-source.js";
export { ClientError, type ClientErrorCode, type ClientErrorOptions } from "./client-error.js";
export type { ClientObserver, ConnectionObserver } from "./client-observer.js";
export type { ClientLimits, ClientOptions, ClientTimeouts } from "./client-options.js";
export type { ClientRequest } from "./client-request.js";
export { ClientResponse, type CollectOptions } from "./client-response.js";
export { ResponseHeaders } from "./response-headers.js";
