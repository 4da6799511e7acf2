import type { ResponderRequest } from "../roles/responder-request.js";

/** A socket that belongs to a request. */
export interface SocketWithRequest {
  readonly request: ResponderRequest;
}

type Property = (request: ResponderRequest) => unknown;

/** A property of TLS connections; undefined for others, as in node:net. */
const ofTls =
  (property: Property): Property =>
  (request) =>
    request.scheme === "https" ? property(request) : undefined;

/**
 * The properties of a socket, by the names of node:net and node:tls. `authorized` is always false: whether a client's
 * certificate was verified is known from a variable of the Web server.
 */
const properties: Readonly<Record<string, Property>> = {
  remoteAddress: (request) => request.remoteAddress,
  remotePort: ({ params }) => portOf(params.get("REMOTE_PORT")),
  remoteFamily: (request) => familyOf(request.remoteAddress),
  localAddress: ({ params }) => params.get("SERVER_ADDR"),
  localPort: ({ params }) => portOf(params.get("SERVER_PORT")),
  localFamily: ({ params }) => familyOf(params.get("SERVER_ADDR")),
  bytesRead: ({ exchange }) => exchange.stdin.received,
  encrypted: (request) => request.scheme === "https",
  authorized: ofTls(() => false),
  alpnProtocol: ofTls(({ params }) =>
    params.get("SERVER_PROTOCOL")?.startsWith("HTTP/2") ? "h2" : "http/1.1",
  ),
  servername: ofTls(({ params }) => params.get("SSL_TLS_SNI") ?? false),
  getProtocol: ofTls(
    ({ params }) =>
      () =>
        params.get("SSL_PROTOCOL") ?? null,
  ),
  getCipher: ofTls(({ params }) => () => {
    const name = params.get("SSL_CIPHER");
    return name === undefined ? undefined : { name, standardName: name, version: params.get("SSL_PROTOCOL") };
  }),
  getPeerCertificate: ofTls(() => () => ({})),
  isSessionReused: ofTls(() => () => false),
};

/** Defines these properties on a class of sockets. Each is computed on access, and can be assigned. */
export function defineSocketProperties(prototype: SocketWithRequest): void {
  for (const [name, property] of Object.entries(properties)) {
    Object.defineProperty(prototype, name, {
      get(this: SocketWithRequest) {
        return property(this.request);
      },
      set(this: SocketWithRequest, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
}

function familyOf(address: string | undefined): string | undefined {
  return address === undefined ? undefined : address.includes(":") ? "IPv6" : "IPv4";
}

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}
