import { ProtocolError } from "../errors.js";
import type { Framing } from "../protocol/framing.js";

/** The protocol of a peer that does not speak the one of the address. */
export interface OtherProtocol {
  /** What is logged instead of an unknown version or length. */
  readonly error: ProtocolError;
  /** An answer that the peer understands; undefined if there is none. */
  readonly answer: Buffer | undefined;
}

/**
 * How every request in HTTP/1 begins (RFC 9112, section 3), and HTTP/2 too (`PRI *`): a method, and a target whose first
 * character is one of a target. If in doubt, there is no answer.
 */
const REQUEST_LINE = /^([A-Z]{3,20}) (?:[/*]|https?:)/;
/** How every request in SCGI begins. */
const NETSTRING = /^[1-9]\d{0,8}:CONTENT_/;
/** A record of a first request: version 1, BEGIN_REQUEST or GET_VALUES (sections 3.3 and 4.1). */
const RECORD = /^\x01[\x01\x09]/;
const TLS_HANDSHAKE = 0x16;

/** Bytes that tell the protocol. */
const START = 30;

/** Recognizes another protocol by the first bytes of a connection; undefined if it is unknown. */
export function otherProtocolOf(chunk: Buffer, expected: Framing["name"]): OtherProtocol | undefined {
  const start = chunk.toString("latin1", 0, START);
  const spoken = (protocol: string, cure: string): ProtocolError => errorOf({ protocol, expected, cure });
  const method = REQUEST_LINE.exec(start)?.[1];
  if (method !== undefined) {
    return { error: spoken("HTTP", BETWEEN), answer: httpAnswer(expected, method) };
  }
  if (chunk[0] === TLS_HANDSHAKE) return { error: spoken("TLS", BETWEEN), answer: undefined };
  if (expected === "FastCGI" && NETSTRING.test(start))
    return { error: spoken("SCGI", AS_SCGI), answer: undefined };
  if (expected === "SCGI" && RECORD.test(start))
    return { error: spoken("FastCGI", AS_FASTCGI), answer: undefined };
  return undefined;
}

const BETWEEN = "put a Web server in between";
const AS_SCGI = "listen on scgi: and this address, or have the Web server speak FastCGI";
const AS_FASTCGI = "listen on this address without scgi:, or have the Web server speak SCGI";

function errorOf(facts: {
  readonly protocol: string;
  readonly expected: Framing["name"];
  readonly cure: string;
}): ProtocolError {
  const { protocol, expected, cure } = facts;
  const fact = `the peer speaks ${protocol}, expected ${expected}; ${cure}`;
  return expected === "FastCGI"
    ? new ProtocolError("ERR_FCGI_VERSION", `Cannot read record: ${fact}`)
    : new ProtocolError("ERR_SCGI_NETSTRING", `Cannot read request: ${fact}`);
}

/** A page that an HTTP client shows. */
function httpAnswer(expected: Framing["name"], method: string): Buffer {
  const cure =
    expected === "FastCGI"
      ? '(see `tricorn config nginx`), or the gateway of "tricorn/gateway"'
      : "(see `tricorn config nginx --scgi`)";
  const sentence = `This address speaks ${expected}, not HTTP: put a Web server in front of it ${cure}.\n`;
  const head =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n" +
    `Content-Length: ${Buffer.byteLength(sentence)}\r\nConnection: close\r\n\r\n`;
  return Buffer.from(method === "HEAD" ? head : head + sentence);
}
