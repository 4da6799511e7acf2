/** The protocol version in every record (FCGI_VERSION_1). */
export const VERSION = 1;

/** Bytes in a record header (section 3.3). */
export const HEADER_LENGTH = 8;

/** The most content bytes one record can carry: its length field has 16 bits (section 3.3). */
export const MAX_CONTENT_LENGTH = 65_535;

/** The most content bytes that the writer puts in one record: the largest multiple of 8, so it needs no padding. */
export const MAX_ALIGNED_CONTENT_LENGTH = 65_528;

/** The request id of management records (section 3.3). */
export const NULL_REQUEST_ID = 0;

/** The flag of BEGIN_REQUEST that asks to keep the connection open (section 5.1). */
export const KEEP_CONN = 1;

/** The record types (section 8). */
export const RecordType = {
  BeginRequest: 1,
  AbortRequest: 2,
  EndRequest: 3,
  Params: 4,
  Stdin: 5,
  Stdout: 6,
  Stderr: 7,
  Data: 8,
  GetValues: 9,
  GetValuesResult: 10,
  UnknownType: 11,
} as const;
/** One of the record types that FastCGI 1.0 defines. */
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** The roles of the specification (section 6). The set is open: an application may register further numbers. */
export const Role = { Responder: 1, Authorizer: 2, Filter: 3 } as const;
/** One of the roles that FastCGI 1.0 defines. */
export type Role = (typeof Role)[keyof typeof Role];

/** How a request ended as far as the protocol is concerned (section 5.5). */
export const ProtocolStatus = { RequestComplete: 0, CantMpxConn: 1, Overloaded: 2, UnknownRole: 3 } as const;
/** One of the protocol statuses of END_REQUEST. */
export type ProtocolStatus = (typeof ProtocolStatus)[keyof typeof ProtocolStatus];

/** The names that a Web server can ask for with GET_VALUES (section 4.1). */
export const ValueName = {
  MaxConns: "FCGI_MAX_CONNS",
  MaxReqs: "FCGI_MAX_REQS",
  MpxsConns: "FCGI_MPXS_CONNS",
} as const;
/** One of the names that FastCGI 1.0 defines for GET_VALUES. */
export type ValueName = (typeof ValueName)[keyof typeof ValueName];

/** The name of a role, for logs and messages. */
export function roleName(role: number): string {
  switch (role) {
    case Role.Responder:
      return "responder";
    case Role.Authorizer:
      return "authorizer";
    case Role.Filter:
      return "filter";
    default:
      return `role ${role}`;
  }
}

/**
 * The application status of an answer that was broken off while other requests were active, so that the connection could
 * not be broken (section 5.5 leaves the number to the application; for CGI programs it is EXIT_FAILURE).
 */
export const BROKEN_OFF = 1;
