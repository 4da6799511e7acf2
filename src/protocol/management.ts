import { ProtocolError } from "../errors.js";
import { encodeUnknownType } from "./bodies.js";
import { RecordType, type ValueName } from "./constants.js";
import { decodeNameValuePairs, encodeNameValuePairs } from "./name-value.js";

/** The answer to a management record. */
export interface ManagementAnswer {
  readonly type: number;
  readonly content: Buffer;
}

/**
 * Answers a management record (section 4); undefined if it needs no answer.
 *
 * @param values the answers to GET_VALUES; only the names that were asked for are sent, each once
 * @throws ProtocolError `ERR_FCGI_NULL_REQUEST_ID` for a record of a request; `ERR_FCGI_NAME_VALUE` for names cut short
 */
export function answerManagement(
  { type, content }: { readonly type: number; readonly content: Buffer },
  values: Readonly<Record<ValueName, string>>,
): ManagementAnswer | undefined {
  if (type >= RecordType.BeginRequest && type <= RecordType.Data) {
    throw new ProtocolError(
      "ERR_FCGI_NULL_REQUEST_ID",
      `Cannot read record: type ${type} belongs to a request, but its request id is 0`,
    );
  }
  switch (type) {
    case RecordType.GetValues: {
      const asked = new Set(decodeNameValuePairs(content).map(([name]) => name));
      const known = Object.entries(values).filter(([name]) => asked.has(name));
      return { type: RecordType.GetValuesResult, content: encodeNameValuePairs(known) };
    }
    case RecordType.GetValuesResult:
    case RecordType.UnknownType:
      // Answers to records that an application never sends; answering them could go on for ever.
      return undefined;
    default:
      return { type: RecordType.UnknownType, content: encodeUnknownType(type) };
  }
}
