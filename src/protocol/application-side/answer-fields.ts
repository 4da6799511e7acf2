import type { ProtocolStatus } from "../constants.js";

/** A whole answer. */
export interface AnswerFields {
  /** The CGI header block with its blank line, each character one byte. */
  readonly head: string;
  /** The body, text as UTF-8. */
  readonly body: string | Uint8Array;
  /** Bytes of the body. */
  readonly bodyLength: number;
  /** What END_REQUEST carries as application status; 0 if left out. */
  readonly applicationStatus?: number | undefined;
  /** What END_REQUEST carries as protocol status; REQUEST_COMPLETE if left out. */
  readonly protocolStatus?: ProtocolStatus | undefined;
}

/** How to end an exchange. */
export interface EndFields {
  /** What END_REQUEST carries as application status; 0 if left out. */
  readonly applicationStatus?: number | undefined;
  /** One of `ProtocolStatus`; REQUEST_COMPLETE if left out. */
  readonly protocolStatus?: ProtocolStatus | undefined;
}
