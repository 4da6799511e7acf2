import { ProtocolError } from "../errors.js";

/** The protocol of a peer that does not speak FastCGI. */
export interface OtherProtocol {
  /** What is logged instead of an unknown version. */
  readonly error: ProtocolError;
  /** An answer that the peer understands; undefined if there is none. */
  readonly answer: Buffer | undefined;
}

/**
 * How every request in HTTP/1 begins (RFC 9112, section 3), and HTTP/2 too (`PRI *`): a method, and a target whose first
 * character is one of a target. If in doubt, there is no answer.
 */
const REQUEST_LINE = /^([A-Z]{3,20}) (?:[/*]|https?:)/;
const TLS_HANDSHAKE = 0x16;

const SENTENCE =
  "This address speaks FastCGI, not HTTP: put a Web server in front of it (see `tricorn config nginx`), " +
  'or the gateway of "tricorn/gateway".\n';
const HEAD =
  "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n" +
  `Content-Length: ${Buffer.byteLength(SENTENCE)}\r\nConnection: close\r\n\r\n`;

/** Recognizes another protocol by the first bytes of a connection; undefined if it is unknown. */
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
    `Cannot read record: the peer speaks ${protocol}, expected FastCGI; put a Web server in between`,
  );
}
