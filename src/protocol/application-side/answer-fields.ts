import type { ProtocolStatus } from "../constants.js";

/** What END_REQUEST carries (section 5.5). */
export interface EndFields {
  /** The application status; 0 by default. */
  readonly applicationStatus?: number | undefined;
  /** The protocol status; REQUEST_COMPLETE by default. */
  readonly protocolStatus?: ProtocolStatus | undefined;
}

/** A whole answer. */
export interface AnswerFields extends EndFields {
  /** The CGI header block with its blank line, each character one byte. */
  readonly head: string;
  /** The body, text as UTF-8. */
  readonly body: string | Uint8Array;
  /** Bytes of the body. */
  readonly bodyLength: number;
}
