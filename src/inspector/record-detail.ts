import { BODY_LENGTH, decodeBeginRequest, decodeEndRequest, decodeUnknownType } from "../protocol/bodies.js";
import { RecordType, roleName } from "../protocol/constants.js";
import { writeHeader } from "../protocol/record.js";
import { NO_RECORD, type RecordedRecord } from "./conversation.js";
import type { LocatedPair } from "./decoded.js";
import {
  keptContentOf,
  protocolStatusName,
  recordSummary,
  typeName,
  type RecordSummarySource,
} from "./record-summary.js";
import { isText, shownBytes, shownFact, shownPair, shownText, within } from "./shown.js";
import type { Span } from "./spans.js";
import type { RecordDetail, ShownPair } from "./views.js";

/** The longest body that is shown as text, and as bytes. */
const TEXT_BYTES = 16 * 1024;
const HEX_BYTES = 2048;

/** Decodes a record for display. */
export function recordDetail(record: RecordedRecord, source: RecordSummarySource): RecordDetail {
  const { content } = source;
  const { type, direction, start, contentLength } = record;
  const bytes = keptContentOf(content, record);
  const masks = content.masks(type, direction);
  const { pairs, end } = content.decoded(type, direction);
  const own = pairs
    .filter((pair) => pair.start >= start && pair.start < start + contentLength)
    .map((pair) => shownLocated(pair, masks));
  const isHead = type === RecordType.Stdout;
  const bodyStart = isHead ? Math.min(Math.max(end - start, 0), bytes.length) : 0;
  const body = isStream(type) ? bytes.subarray(bodyStart) : bytes.subarray(0, 0);
  const shown = body.subarray(0, TEXT_BYTES);
  const isShown = shown.length > 0 && isText(shown);
  return {
    ...recordSummary(record, source),
    requestId: record.requestId,
    header: type === NO_RECORD ? "" : headerOf(record),
    pairs: isHead ? [] : [...factsOf(type, bytes), ...own],
    head: isHead ? own : [],
    body: isShown ? shownText(shown, within(masks, start + bodyStart)) : undefined,
    bytes: shownBytes(bytes.subarray(0, HEX_BYTES), within(masks, start)),
    missing: contentLength - bytes.length,
    cut: isShown ? body.length - shown.length : 0,
  };
}

function shownLocated({ name, value, valueStart }: LocatedPair, masks: readonly Span[]): ShownPair {
  return shownPair(name, value, within(masks, valueStart));
}

function isStream(type: number): boolean {
  switch (type) {
    case RecordType.Stdin:
    case RecordType.Stdout:
    case RecordType.Stderr:
    case RecordType.Data:
    case NO_RECORD:
      return true;
    default:
      return false;
  }
}

function headerOf(record: RecordedRecord): string {
  const header = Buffer.alloc(8);
  writeHeader(header, 0, record);
  return Array.from(header, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function factsOf(type: number, bytes: Buffer): readonly ShownPair[] {
  if (bytes.length < BODY_LENGTH) return [];
  switch (type) {
    case RecordType.BeginRequest: {
      const { role, keepConnection } = decodeBeginRequest(bytes);
      return [
        shownFact("role", `${role} (${roleName(role)})`),
        shownFact(
          "flags",
          keepConnection ? "1 (KEEP_CONN: the connection stays open)" : "0 (close the connection)",
        ),
      ];
    }
    case RecordType.EndRequest: {
      const { applicationStatus, protocolStatus } = decodeEndRequest(bytes);
      return [
        shownFact("application status", String(applicationStatus)),
        shownFact("protocol status", `${protocolStatus} (${protocolStatusName(protocolStatus)})`),
      ];
    }
    case RecordType.UnknownType: {
      const unknown = decodeUnknownType(bytes);
      return [shownFact("type", `${unknown} (${typeName(unknown)})`)];
    }
    default:
      return [];
  }
}
