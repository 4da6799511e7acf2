import { RecordType, Role } from "../protocol/constants.js";
import type { InputType } from "../protocol/outgoing-request.js";
import type { BodySource } from "./body-source.js";

/** One request to an application. */
export interface ClientRequest {
  /** The role number; a responder where nothing else is said. */
  readonly role?: number | undefined;
  /** FCGI_PARAMS, sent as they are; nothing is added, CONTENT_LENGTH neither. */
  readonly params: Iterable<readonly [name: string, value: string]> | Readonly<Record<string, string>>;
  /** FCGI_STDIN; empty where nothing is said. An authorizer gets none (section 6.3). */
  readonly stdin?: BodySource | undefined;
  /** FCGI_DATA, sent behind STDIN: always to a filter (section 6.4), to roles of other numbers when it is given. */
  readonly data?: BodySource | undefined;
  /** Aborts the request, also while its answer is being read; the reason becomes the error. */
  readonly signal?: AbortSignal | undefined;
  /** The time for the whole exchange from the call to END_REQUEST, in milliseconds; none where nothing is said. */
  readonly timeout?: number | undefined;
  /** STDOUT carries no CGI header block: all of it is the body. For roles that are not of the specification. */
  readonly raw?: boolean | undefined;
}

/** An input stream and what it carries. */
export interface RequestInput {
  readonly type: InputType;
  readonly source: BodySource | undefined;
}

/**
 * The streams of a request in the order in which they are sent.
 *
 * @throws TypeError when a role of the specification is given a stream that it does not have
 */
export function inputsOf({ role = Role.Responder, stdin, data }: ClientRequest): readonly RequestInput[] {
  const inputs: RequestInput[] = [{ type: RecordType.Stdin, source: stdin }];
  switch (role) {
    case Role.Authorizer:
      // Section 6.3: no STDIN. Its end is sent all the same, as lighttpd does, for applications that wait for it.
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
