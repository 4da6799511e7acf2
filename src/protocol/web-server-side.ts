import { ProtocolError } from "../errors.js";
import { decodeEndRequest, decodeUnknownType, encodeBeginRequest } from "./bodies.js";
import { NULL_REQUEST_ID, RecordType } from "./constants.js";
import { decodeNameValuePairs, encodeNameValuePairs } from "./name-value.js";
import { OutgoingRequest, type AnswerSink, type InputType } from "./outgoing-request.js";
import { RecordReader, type RecordSink } from "./record-reader.js";
import { RecordWriter } from "./record-writer.js";

/** The largest request id (section 3.3). */
export const MAX_REQUEST_ID = 65_535;

/** What the Web server's side needs of the transport around it. */
export interface WebServerSideHost {
  /** Output was queued: take and write it soon. */
  outputQueued(): void;
}

/** The start of a request. */
export interface RequestStart {
  /** The role number, 0 to 65,535. */
  readonly role: number;
  /** Whether the application keeps the connection open (FCGI_KEEP_CONN). */
  readonly keepConnection: boolean;
  /** A whole block of name-value pairs; it must not change until it is sent. */
  readonly params: Uint8Array;
  /** The streams that follow, each of which must be closed. */
  readonly inputs: Iterable<InputType>;
}

/**
 * Receives the answer to GET_VALUES; undefined if the application does not know that record (UNKNOWN_TYPE). Section 4.1
 * answers with one record, but Go's net/http/fcgi (1.19) sends an empty one after it: each further GET_VALUES_RESULT, while
 * no other question waits, goes to the listener that was answered last.
 */
export type ValuesListener = (values: ReadonlyMap<string, string> | undefined) => void;

/**
 * The state machine of one connection on the Web server's side (sections 3 to 5), the mirror of `ApplicationSide`:
 * requests in, queued records out; bytes in, answers out. It does no I/O.
 *
 * ```
 *   begin() ──> active ──(END_REQUEST: what is open of STDIN and DATA is closed)──> inactive, the id is free
 *                 └─ abort() ──> active, nothing more is sent ──(END_REQUEST)──┘
 * ```
 *
 * An answer that could be taken for another request's would be worse than none, so a record for an inactive id is an error
 * and not ignored.
 */
export class WebServerSide implements RecordSink {
  readonly #host: WebServerSideHost;
  readonly #reader = new RecordReader(this);
  readonly #active = new Map<number, OutgoingRequest>();
  /** Ids that were used and are free again, the latest last: ids stay small, as section 3.3 asks. */
  readonly #free: number[] = [];
  #highestId = 0;
  readonly #asked: ValuesListener[] = [];
  /** The listener that was answered last. */
  #answered: ValuesListener | undefined;
  readonly output = new RecordWriter();

  constructor(host: WebServerSideHost) {
    this.#host = host;
  }

  /** How many requests have no END_REQUEST yet. */
  get activeCount(): number {
    return this.#active.size;
  }

  /**
   * Reads bytes from the application.
   *
   * @throws ProtocolError if the application broke the specification; the connection cannot be read any further
   */
  receive(chunk: Buffer): void {
    this.#reader.read(chunk);
  }

  /**
   * Begins a request: BEGIN_REQUEST and the whole of PARAMS are queued.
   *
   * @throws RangeError if the role is not a 16-bit number or all ids are taken
   */
  begin({ role, keepConnection, params, inputs }: RequestStart, sink: AnswerSink): OutgoingRequest {
    if (!Number.isInteger(role) || role < 0 || role > 0xffff) {
      throw new RangeError(`Cannot begin request: role is ${role}, expected 0 to 65535`);
    }
    const id = this.#takeId();
    const request = new OutgoingRequest(this, id, { inputs, sink });
    this.#active.set(id, request);
    this.output.record(RecordType.BeginRequest, id, encodeBeginRequest({ role, keepConnection }));
    this.output.stream(RecordType.Params, id, params);
    this.output.record(RecordType.Params, id, new Uint8Array(0));
    this.outputQueued();
    return request;
  }

  /** Asks for values of the application (section 4.1); the answers come in the order of the questions. */
  getValues(names: Iterable<string>, listener: ValuesListener): void {
    const pairs = Array.from(names, (name): [string, string] => [name, ""]);
    this.#asked.push(listener);
    this.output.record(RecordType.GetValues, NULL_REQUEST_ID, encodeNameValuePairs(pairs));
    this.outputQueued();
  }

  outputQueued(): void {
    this.#host.outputQueued();
  }

  record(type: number, requestId: number, content: Buffer): void {
    switch (type) {
      case RecordType.Stdout: {
        const request = this.#activeRequest(requestId, "STDOUT");
        if (content.length === 0) request.stdoutEnded = true;
        else if (request.stdoutEnded) throw closed("STDOUT", requestId);
        else request.sink.stdout(content);
        return;
      }
      case RecordType.Stderr: {
        const request = this.#activeRequest(requestId, "STDERR");
        if (content.length === 0) request.stderrEnded = true;
        else if (request.stderrEnded) throw closed("STDERR", requestId);
        else request.sink.stderr(content);
        return;
      }
      case RecordType.EndRequest:
        this.#end(this.#activeRequest(requestId, "END_REQUEST"), content);
        return;
      case RecordType.GetValuesResult:
        this.#requireManagement(type, requestId);
        this.#values(new Map(decodeNameValuePairs(content)));
        return;
      case RecordType.UnknownType:
        this.#requireManagement(type, requestId);
        this.#unknownType(decodeUnknownType(content));
        return;
      case RecordType.BeginRequest:
      case RecordType.AbortRequest:
      case RecordType.Params:
      case RecordType.Stdin:
      case RecordType.Data:
      case RecordType.GetValues:
        throw new ProtocolError(
          "ERR_FCGI_RECORD_TYPE",
          `Cannot read record: type ${type} must not be sent by an application`,
        );
      default:
        // A type that FastCGI 1.0 does not define carries nothing that we need.
        return;
    }
  }

  #end(request: OutgoingRequest, content: Buffer): void {
    const end = decodeEndRequest(content);
    this.#active.delete(request.id);
    request.finish();
    this.#free.push(request.id);
    request.sink.ended(end);
  }

  #values(values: ReadonlyMap<string, string> | undefined): void {
    const listener = this.#asked.shift() ?? this.#answered;
    if (listener === undefined) {
      throw new ProtocolError(
        "ERR_FCGI_RECORD_TYPE",
        "Cannot read record: values came that were not asked for",
      );
    }
    this.#answered = listener;
    listener(values);
  }

  #unknownType(type: number): void {
    if (type !== RecordType.GetValues || this.#asked.length === 0) {
      throw new ProtocolError(
        "ERR_FCGI_RECORD_TYPE",
        `Cannot read UNKNOWN_TYPE: no record of type ${type} waits for an answer`,
      );
    }
    this.#values(undefined);
  }

  #activeRequest(requestId: number, name: string): OutgoingRequest {
    const request = this.#active.get(requestId);
    if (request !== undefined) return request;
    if (requestId === NULL_REQUEST_ID) {
      throw new ProtocolError("ERR_FCGI_NULL_REQUEST_ID", `Cannot read ${name}: its request id is 0`);
    }
    throw closed(name, requestId);
  }

  #requireManagement(type: number, requestId: number): void {
    if (requestId === NULL_REQUEST_ID) return;
    throw new ProtocolError(
      "ERR_FCGI_RECORD_TYPE",
      `Cannot read record: management type ${type} has request id ${requestId}, expected 0`,
    );
  }

  #takeId(): number {
    const id = this.#free.pop();
    if (id !== undefined) return id;
    if (this.#highestId === MAX_REQUEST_ID) {
      throw new RangeError(`Cannot begin request: all ${MAX_REQUEST_ID} request ids are active`);
    }
    this.#highestId += 1;
    return this.#highestId;
  }
}

function closed(name: string, requestId: number): ProtocolError {
  return new ProtocolError("ERR_FCGI_STREAM_CLOSED", `Cannot read ${name}: it has ended for id ${requestId}`);
}
