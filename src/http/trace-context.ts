/** Where a request belongs in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits, in lower case. */
  readonly traceId: string;
  /** The span of the caller: 16 hexadecimal digits, in lower case. */
  readonly parentId: string;
  /** Whether the caller records the trace. */
  readonly isSampled: boolean;
  /** The field `traceparent` as received, to be passed on. */
  readonly traceparent: string;
}

/** What a version to come may add is visible ASCII: other characters no header field that passes it on could carry. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?$/;
/** A longer field is not read: a version to come may add parts, but no such length. */
const MAX_LENGTH = 512;

/**
 * Parses `traceparent` (W3C Trace Context, section 3.2). Undefined if it is malformed, as section 4.3 wants: then a new trace
 * begins. A later version is read as version 00, if it begins like it.
 */
export function parseTraceparent(field: string | undefined): TraceContext | undefined {
  if (field === undefined || field.length > MAX_LENGTH) return undefined;
  const match = TRACEPARENT.exec(field);
  if (match === null) return undefined;
  const [, version, traceId = "", parentId = "", flags = "", more] = match;
  // Section 3.2.2: version ff is invalid, and version 00 has exactly four parts. All zeros is no id.
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, traceparent: field };
}
