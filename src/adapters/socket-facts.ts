import type { ResponderRequest } from "../roles/responder-request.js";

/** What a socket has to know to tell of its ends. */
export interface SocketOfRequest {
  readonly request: ResponderRequest;
}

type Fact = (request: ResponderRequest) => unknown;

/** What can only be known of TLS, as the Web server tells it; undefined for other connections, as in node:net. */
const ofTls =
  (fact: Fact): Fact =>
  (request) =>
    request.scheme === "https" ? fact(request) : undefined;

/**
 * What listeners read of a socket, by the names of node:net and node:tls. That a certificate of the client was checked is
 * not told: that is the Web server's to say, by a variable that it vouches for.
 */
const facts: Readonly<Record<string, Fact>> = {
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

/** Gives a class of sockets the facts of their requests. Each is read when it is asked for, and may be assigned. */
export function tellFacts(prototype: SocketOfRequest): void {
  for (const [name, fact] of Object.entries(facts)) {
    Object.defineProperty(prototype, name, {
      get(this: SocketOfRequest) {
        return fact(this.request);
      },
      set(this: SocketOfRequest, value: unknown) {
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
