import type { ClientRequest, ConnectionObserver } from "../client/index.js";
import { NULL_REQUEST_ID, RecordType } from "../protocol/constants.js";
import type { RecordHeader } from "../protocol/record.js";
import {
  Conversation,
  NO_RECORD,
  type ConnectionFacts,
  type Direction,
  type RecordedRecord,
} from "./conversation.js";
import { RecordCutter } from "./record-cutter.js";

/** Management records of a connection that are listed, and bytes of their contents that are kept. */
const MANAGEMENT_RECORDS = 100;
const MANAGEMENT_BYTES = 4096;

/** What a connection needs of the recording that it belongs to. */
export interface ConnectionRecordingHost {
  /** The number of the next conversation. */
  nextConversation(): number;
  /** A conversation for a request that begins; undefined if it belongs to no HTTP request that is kept. */
  conversationFor(request: ClientRequest, connection: ConnectionFacts): Conversation | undefined;
}

/** Sorts the records of one connection into conversations, one for each request. */
export class ConnectionRecording implements ConnectionObserver, ConnectionFacts {
  readonly number: number;
  readonly management: Conversation;
  closedTime: number | undefined;
  readonly #host: ConnectionRecordingHost;
  /** Requests whose BEGIN_REQUEST is queued but not sent: records of the id still belong to the request before. */
  readonly #waiting = new Map<number, Conversation | undefined>();
  /** By request id, also after END_REQUEST: ends of STDIN may follow it. */
  readonly #active = new Map<number, Conversation | undefined>();
  readonly #sent = this.#cutterFor("sent");
  readonly #received = this.#cutterFor("received");
  #time = 0;
  #count = 0;

  constructor(number: number, host: ConnectionRecordingHost) {
    this.number = number;
    this.#host = host;
    this.management = new Conversation(
      { number: host.nextConversation(), connection: this },
      { records: MANAGEMENT_RECORDS, streamBytes: MANAGEMENT_BYTES, grew: ignore, changed: ignore },
    );
  }

  began(requestId: number, request: ClientRequest): void {
    this.#waiting.set(requestId, this.#host.conversationFor(request, this));
  }

  sent(bytes: Uint8Array): void {
    this.#time = performance.now();
    this.#sent.push(bytes);
  }

  received(bytes: Uint8Array): void {
    this.#time = performance.now();
    this.#received.push(bytes);
  }

  closed(): void {
    this.closedTime = performance.now();
    for (const conversation of this.#active.values()) conversation?.connectionClosed();
    this.#active.clear();
    this.#waiting.clear();
  }

  #cutterFor(direction: Direction): RecordCutter {
    let current: Conversation | undefined;
    return new RecordCutter({
      header: (header) => {
        current = this.#conversationOf(header, direction);
        current?.add(header, this.#place(direction));
      },
      content: (piece) => current?.content(piece),
      unreadable: (bytes) => {
        const { length: contentLength } = bytes;
        const header = { type: NO_RECORD, requestId: NULL_REQUEST_ID, contentLength, paddingLength: 0 };
        this.management.add(header, this.#place(direction));
        this.management.content(bytes);
      },
    });
  }

  /** Where the next record stands among all of the connection. */
  #place(direction: Direction): Pick<RecordedRecord, "direction" | "time" | "order"> {
    this.#count += 1;
    return { direction, time: this.#time, order: this.#count };
  }

  #conversationOf({ type, requestId }: RecordHeader, direction: Direction): Conversation | undefined {
    if (requestId === NULL_REQUEST_ID) return this.management;
    if (type === RecordType.BeginRequest && direction === "sent")
      this.#active.set(requestId, this.#waiting.get(requestId));
    return this.#active.get(requestId);
  }
}

function ignore(): void {}
