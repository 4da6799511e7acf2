import { RecordType, Role } from "../protocol/constants.js";
import type { NameValuePair } from "../protocol/name-value.js";
import type { InputType } from "../protocol/outgoing-request.js";
import type { BodySource } from "./body-source.js";

/** One request to an application. */
export interface ClientRequest {
  /** The role number. Default: 1, a responder. */
  readonly role?: number | undefined;
  /** FCGI_PARAMS, text as UTF-8, sent unchanged: nothing is added, not even CONTENT_LENGTH. */
  readonly params: Iterable<NameValuePair> | Readonly<Record<string, string>>;
  /** FCGI_STDIN. Default: empty. An authorizer has none (section 6.3). */
  readonly stdin?: BodySource | undefined;
  /** FCGI_DATA, sent after STDIN: always to a filter (section 6.4), to a role of another number if present. */
  readonly data?: BodySource | undefined;
  /** Aborts the request, also while its response is being read; the reason becomes the error. */
  readonly signal?: AbortSignal | undefined;
  /** The time limit from the call to END_REQUEST, in milliseconds. Default: none. */
  readonly timeout?: number | undefined;
  /** STDOUT has no CGI header block: all of it is the body. For roles outside of the specification. */
  readonly raw?: boolean | undefined;
}

/** An input stream and its content. */
export interface OutgoingStream {
  readonly type: InputType;
  readonly source: BodySource | undefined;
}

/**
 * The streams of a request, in the order in which they are sent.
 *
 * @throws TypeError if the role does not have one of the streams
 */
export function inputsOf({ role = Role.Responder, stdin, data }: ClientRequest): readonly OutgoingStream[] {
  const inputs: OutgoingStream[] = [{ type: RecordType.Stdin, source: stdin }];
  switch (role) {
    case Role.Authorizer:
      // Section 6.3: no STDIN. Its end is still sent, as lighttpd does, for applications that wait for it.
      if (stdin !== undefined) throw new TypeError("Cannot send request: an authorizer has no STDIN");
      if (data !== undefined) throw new TypeError("Cannot send request: an authorizer has no DATA");
      break;
    case Role.Responder:
      if (data !== undefined) throw new TypeError("Cannot send request: a responder has no DATA");
      break;
    case Role.Filter:
      inputs.push({ type: RecordType.Data, source: data });
      break;
    default:
      if (data !== undefined) inputs.push({ type: RecordType.Data, source: data });
  }
  return inputs;
}
