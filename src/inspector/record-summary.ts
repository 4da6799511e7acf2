import { decodeBeginRequest, decodeEndRequest } from "../protocol/bodies.js";
import { ProtocolStatus, RecordType, roleName } from "../protocol/constants.js";
import { NO_RECORD, type RecordedRecord } from "./conversation.js";
import type { ConversationContent } from "./conversation-content.js";
import { isText, shownText, within } from "./shown.js";
import type { RecordSummary } from "./views.js";

/** The names of section 8, without FCGI_. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  [RecordType.BeginRequest]: "BEGIN_REQUEST",
  [RecordType.AbortRequest]: "ABORT_REQUEST",
  [RecordType.EndRequest]: "END_REQUEST",
  [RecordType.Params]: "PARAMS",
  [RecordType.Stdin]: "STDIN",
  [RecordType.Stdout]: "STDOUT",
  [RecordType.Stderr]: "STDERR",
  [RecordType.Data]: "DATA",
  [RecordType.GetValues]: "GET_VALUES",
  [RecordType.GetValuesResult]: "GET_VALUES_RESULT",
  [RecordType.UnknownType]: "UNKNOWN_TYPE",
  [NO_RECORD]: "no record",
};

/** The name of a type, for display. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `type ${type}`;
}

/** The content of a record, as far as it was kept. */
export function keptContentOf(content: ConversationContent, record: RecordedRecord): Buffer {
  const { type, direction, start, contentLength } = record;
  return content.bytesOf(type, direction).subarray(start, start + contentLength);
}

/** What a record in a list needs beside it. */
export interface RecordSummarySource {
  readonly content: ConversationContent;
  readonly index: number;
  /** When the HTTP request arrived, as `time` of a record. */
  readonly begin: number;
}

/** Summarizes a record. */
export function recordSummary(
  record: RecordedRecord,
  { content, index, begin }: RecordSummarySource,
): RecordSummary {
  return {
    index,
    at: record.time - begin,
    order: record.order,
    direction: record.direction,
    type: typeName(record.type),
    length: record.contentLength,
    padding: record.paddingLength,
    gist: gistOf(record, content),
  };
}

/** The longest gist of a body, in bytes. */
const GIST_BYTES = 80;

function gistOf(record: RecordedRecord, content: ConversationContent): string {
  const { type, direction, start, contentLength } = record;
  const bytes = keptContentOf(content, record);
  switch (type) {
    case RecordType.BeginRequest: {
      if (bytes.length < 8) return "";
      const { role, keepConnection } = decodeBeginRequest(bytes);
      return `${roleName(role)}, ${keepConnection ? "keep" : "close"} the connection`;
    }
    case RecordType.EndRequest: {
      if (bytes.length < 8) return "";
      const { applicationStatus, protocolStatus } = decodeEndRequest(bytes);
      return `${protocolStatusName(protocolStatus)}, application status ${applicationStatus}`;
    }
    case RecordType.AbortRequest:
      return "stop this request";
    case RecordType.Params:
    case RecordType.GetValues:
    case RecordType.GetValuesResult: {
      if (contentLength === 0) return type === RecordType.Params ? "end of the stream" : "";
      const count = content
        .decoded(type, direction)
        .pairs.filter((pair) => pair.start >= start && pair.start < start + contentLength).length;
      return `${count} ${count === 1 ? "pair" : "pairs"}`;
    }
    case RecordType.Stdin:
    case RecordType.Stdout:
    case RecordType.Stderr:
    case RecordType.Data: {
      if (contentLength === 0) return "end of the stream";
      if (bytes.length === 0) return "not kept";
      if (!isText(bytes)) return "binary";
      const masks = within(content.masks(type, direction), start);
      const [line = ""] = shownText(bytes.subarray(0, GIST_BYTES), masks)
        .text.trim()
        .split(/[\r\n]/, 1);
      return line;
    }
    default:
      return "";
  }
}

/** The names of section 5.5. */
export function protocolStatusName(status: number): string {
  switch (status) {
    case ProtocolStatus.RequestComplete:
      return "REQUEST_COMPLETE";
    case ProtocolStatus.CantMpxConn:
      return "CANT_MPX_CONN";
    case ProtocolStatus.Overloaded:
      return "OVERLOADED";
    case ProtocolStatus.UnknownRole:
      return "UNKNOWN_ROLE";
    default:
      return `protocol status ${status}`;
  }
}
