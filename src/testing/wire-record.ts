import { HEADER_LENGTH, RecordType, VERSION } from "../protocol/constants.js";

/** The name of each record type (section 8). */
export const recordTypes = {
  BEGIN_REQUEST: RecordType.BeginRequest,
  ABORT_REQUEST: RecordType.AbortRequest,
  END_REQUEST: RecordType.EndRequest,
  PARAMS: RecordType.Params,
  STDIN: RecordType.Stdin,
  STDOUT: RecordType.Stdout,
  STDERR: RecordType.Stderr,
  DATA: RecordType.Data,
  GET_VALUES: RecordType.GetValues,
  GET_VALUES_RESULT: RecordType.GetValuesResult,
  UNKNOWN_TYPE: RecordType.UnknownType,
} as const;

/** The name of a record type. */
export type RecordName = keyof typeof recordTypes;

/** A record that came. */
export interface WireRecord {
  /** Its type by name; `type 42` for one that FastCGI 1.0 does not define. */
  readonly type: RecordName | `type ${number}`;
  /** The request id, 0 for management records. */
  readonly id: number;
  readonly content: Buffer;
}

/** All records of a request's answer. */
export interface WireAnswer {
  readonly records: readonly WireRecord[];
  /** The content of STDOUT: header block and body. */
  readonly stdout: string;
  readonly stderr: string;
  readonly applicationStatus: number;
  /** One of `ProtocolStatus`, or another number. */
  readonly protocolStatus: number;
}

/** Cuts what comes on a connection into whole records. */
export class RecordSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * Passes on the records that a chunk completes.
   *
   * @throws Error if a record has another version
   */
  split(chunk: Buffer, take: (record: WireRecord) => void): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= HEADER_LENGTH) {
      const [version, type] = bytes;
      if (version !== VERSION)
        throw new Error(`Cannot read record: version is ${version}, expected ${VERSION}`);
      const length = bytes.readUInt16BE(4);
      const end = HEADER_LENGTH + length + bytes[6]!;
      if (bytes.length < end) break;
      const content = Buffer.from(bytes.subarray(HEADER_LENGTH, HEADER_LENGTH + length));
      take({ type: nameOf(type!), id: bytes.readUInt16BE(2), content });
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}

function nameOf(type: number): WireRecord["type"] {
  const [name] = Object.entries(recordTypes).find(([, number]) => number === type) ?? [];
  return (name as RecordName | undefined) ?? `type ${type}`;
}
