import { RecordType } from "../protocol/constants.js";
import type { RecordHeader } from "../protocol/record.js";
import { KeptBytes } from "./kept-bytes.js";

/** `sent` by the Web server, or `received` from the application. */
export type Direction = "sent" | "received";

/** A record as it travelled. */
export interface RecordedRecord extends RecordHeader {
  readonly direction: Direction;
  /** When its header arrived, in milliseconds of `performance.now()`. */
  readonly time: number;
  /** Its position among all records of its connection, both ways. */
  readonly order: number;
  /** Where its content begins among the contents of all records of its type. */
  readonly start: number;
}

/** Memory that a record takes beside its content, in bytes, roughly. */
const RECORD_COST = 120;

/** How much a conversation keeps, and who learns of it. */
export interface ConversationHost {
  readonly records: number;
  readonly streamBytes: number;
  /** Memory was taken, in bytes. */
  grew(bytes: number): void;
  /** A record came, or the connection was closed. */
  changed(): void;
}

/** What is known of a connection beside its records. */
export interface ConnectionFacts {
  /** The first connection of an inspector is 1. */
  readonly number: number;
  /** When it was closed, as `time` of a record. */
  readonly closedTime: number | undefined;
  /** The records of request id 0, and bytes that are no records. */
  readonly management: Conversation;
}

/** Identifies a conversation. */
export interface ConversationPlace {
  /** Unique among all conversations of an inspector. */
  readonly number: number;
  readonly connection: ConnectionFacts;
}

/** The type of bytes that are not a record: a header of another version, and all that follows. FastCGI has types up to 255. */
export const NO_RECORD = 256;

/**
 * The records of one request on a connection, from BEGIN_REQUEST to END_REQUEST, or the management records of a connection. It keeps
 * a list of the first ones and, for each type, the beginning of their joined contents.
 */
export class Conversation {
  readonly number: number;
  readonly connection: ConnectionFacts;
  readonly records: RecordedRecord[] = [];
  /** How many records there were. */
  count = 0;
  /** When the latest record came, as `time` of a record. */
  lastTime = 0;
  readonly #host: ConversationHost;
  readonly #contents = new Map<string, KeptBytes>();
  #current: KeptBytes | undefined;
  #isDropped = false;

  constructor({ number, connection }: ConversationPlace, host: ConversationHost) {
    this.number = number;
    this.connection = connection;
    this.#host = host;
  }

  /** The next record; its content follows. */
  add(
    header: RecordHeader,
    { direction, time, order }: Pick<RecordedRecord, "direction" | "time" | "order">,
  ): void {
    this.count += 1;
    this.lastTime = time;
    if (this.#isDropped) return;
    const content = this.#contentOf(header.type, direction);
    this.#current = content;
    if (this.records.length >= this.#host.records) return;
    this.records.push({ ...header, direction, time, order, start: content.length });
    this.#host.grew(RECORD_COST);
    this.#host.changed();
  }

  connectionClosed(): void {
    if (!this.#isDropped) this.#host.changed();
  }

  /** A piece of the content of the latest record. */
  content(piece: Uint8Array): void {
    const taken = this.#current?.push(piece) ?? 0;
    if (taken > 0) this.#host.grew(taken);
  }

  /** The joined contents of the records of a type. */
  contentsOf(type: number, direction: Direction): KeptBytes | undefined {
    return this.#contents.get(keyOf(type, direction));
  }

  /** Forgets everything, and keeps nothing from now on. */
  drop(): void {
    this.#isDropped = true;
    this.records.length = 0;
    this.#contents.clear();
    this.#current = undefined;
  }

  #contentOf(type: number, direction: Direction): KeptBytes {
    const key = keyOf(type, direction);
    const known = this.#contents.get(key);
    if (known !== undefined) return known;
    const content = new KeptBytes(this.#host.streamBytes);
    this.#contents.set(key, content);
    return content;
  }
}

/** Types that FastCGI does not define share one entry: a peer could use all of them. */
function keyOf(type: number, direction: Direction): string {
  return `${direction} ${type <= RecordType.UnknownType || type === NO_RECORD ? type : "other"}`;
}
