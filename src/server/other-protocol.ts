import { ProtocolError } from "../errors.js";

/** What a peer speaks that has taken the address for another server's. */
export interface OtherProtocol {
  /** What the log says in place of a version that does not exist. */
  readonly error: ProtocolError;
  /** What the peer understands; undefined where there is nothing. */
  readonly answer: Buffer | undefined;
}

/**
 * How every request in HTTP/1 begins (RFC 9112, section 3), and HTTP/2 too (`PRI *`): a method, and a target whose first
 * character says that it is one. What only might be one is not answered.
 */
const REQUEST_LINE = /^([A-Z]{3,20}) (?:[/*]|https?:)/;
const TLS_HANDSHAKE = 0x16;

const SENTENCE =
  "This address speaks FastCGI and no HTTP: put a Web server in front of it, which `tricorn config nginx` configures, " +
  'or the gateway of "tricorn/gateway".\n';
const HEAD =
  "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n" +
  `Content-Length: ${Buffer.byteLength(SENTENCE)}\r\nConnection: close\r\n\r\n`;

/** What the first bytes of a connection say that are no FastCGI; undefined where they say nothing that is known. */
export function otherProtocolOf(chunk: Buffer): OtherProtocol | undefined {
  const method = REQUEST_LINE.exec(chunk.toString("latin1", 0, 30))?.[1];
  if (method !== undefined) {
    return { error: spoken("HTTP"), answer: Buffer.from(method === "HEAD" ? HEAD : HEAD + SENTENCE) };
  }
  return chunk[0] === TLS_HANDSHAKE ? { error: spoken("TLS"), answer: undefined } : undefined;
}

function spoken(protocol: string): ProtocolError {
  return new ProtocolError(
    "ERR_FCGI_VERSION",
    `Cannot read record: the peer speaks ${protocol}, expected FastCGI; a Web server has to stand in between`,
  );
}
