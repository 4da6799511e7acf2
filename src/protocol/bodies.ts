import { ProtocolError } from "../errors.js";
import { KEEP_CONN } from "./constants.js";

/** Bytes in the body of BEGIN_REQUEST, END_REQUEST and UNKNOWN_TYPE (section 8). */
export const BODY_LENGTH = 8;

/** The body of FCGI_BEGIN_REQUEST (section 5.1). */
export interface BeginRequestBody {
  /** 1 responder, 2 authorizer, 3 filter, or a number that both sides agreed on; 0 to 65,535. */
  readonly role: number;
  /** Whether the application keeps the connection open after its answer (FCGI_KEEP_CONN). */
  readonly keepConnection: boolean;
}

/** The body of FCGI_END_REQUEST (section 5.5). */
export interface EndRequestBody {
  /** What a CGI program would have passed to exit(2); an unsigned 32-bit number. */
  readonly applicationStatus: number;
  /** One of `ProtocolStatus`, or another number. */
  readonly protocolStatus: number;
}

/** Encodes the body of FCGI_BEGIN_REQUEST. */
export function encodeBeginRequest({ role, keepConnection }: BeginRequestBody): Buffer {
  return Buffer.from([role >>> 8, role & 0xff, keepConnection ? KEEP_CONN : 0, 0, 0, 0, 0, 0]);
}

/** Decodes the body of FCGI_BEGIN_REQUEST; throws `ERR_FCGI_BODY_LENGTH` if it is too short. */
export function decodeBeginRequest(content: Buffer): BeginRequestBody {
  requireBody(content, "BEGIN_REQUEST");
  return { role: content.readUInt16BE(0), keepConnection: (content[2]! & KEEP_CONN) !== 0 };
}

/** Encodes the body of FCGI_END_REQUEST. */
export function encodeEndRequest({ applicationStatus, protocolStatus }: EndRequestBody): Buffer {
  const body = Buffer.alloc(BODY_LENGTH);
  body.writeUInt32BE(applicationStatus >>> 0, 0);
  body[4] = protocolStatus;
  return body;
}

/** Decodes the body of FCGI_END_REQUEST; throws `ERR_FCGI_BODY_LENGTH` if it is too short. */
export function decodeEndRequest(content: Buffer): EndRequestBody {
  requireBody(content, "END_REQUEST");
  return { applicationStatus: content.readUInt32BE(0), protocolStatus: content[4]! };
}

/** Encodes the body of FCGI_UNKNOWN_TYPE: the management type that was not understood (section 4.2). */
export function encodeUnknownType(type: number): Buffer {
  return Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]);
}

/** Decodes the body of FCGI_UNKNOWN_TYPE; throws `ERR_FCGI_BODY_LENGTH` if it is too short. */
export function decodeUnknownType(content: Buffer): number {
  requireBody(content, "UNKNOWN_TYPE");
  return content[0]!;
}

function requireBody(content: Buffer, name: string): void {
  if (content.length < BODY_LENGTH) {
    throw new ProtocolError(
      "ERR_FCGI_BODY_LENGTH",
      `Cannot read ${name}: body is ${content.length} bytes, expected ${BODY_LENGTH}`,
    );
  }
}
