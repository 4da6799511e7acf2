import type { AnswerWriter, WholeAnswer } from "./answer-writer.js";
import { RecordType } from "./constants.js";
import type { Segment } from "./segment.js";

/** A body up to this size is copied after its head: one piece is written faster than two. */
const JOINED = 16 * 1024;

/**
 * Queues the answer of one SCGI connection: the bytes of STDOUT and nothing else. The answer ends with the connection. STDERR is
 * dropped, for SCGI has none; each of its lines is in the log too.
 */
export class ScgiWriter implements AnswerWriter {
  #ready: Uint8Array[] = [];
  #segments: Segment[] | undefined;
  length = 0;
  takenLength = 0;

  record(type: number, _requestId: number, content: Uint8Array): void {
    if (type !== RecordType.Stdout || content.length === 0) return;
    this.#ready.push(content);
    this.length += content.length;
  }

  stream(type: number, requestId: number, content: string | Uint8Array): void {
    this.record(type, requestId, typeof content === "string" ? Buffer.from(content) : content);
  }

  text(type: number, requestId: number, text: string): void {
    this.stream(type, requestId, text);
  }

  segment(type: number, requestId: number, segment: Segment): void {
    this.record(type, requestId, segment.bytes);
    (this.#segments ??= []).push(segment);
  }

  answer({ requestId, head, body, bodyLength }: WholeAnswer): void {
    if (bodyLength > JOINED) {
      this.record(RecordType.Stdout, requestId, Buffer.from(head, "latin1"));
      this.stream(RecordType.Stdout, requestId, body);
      return;
    }
    const whole = Buffer.alloc(head.length + bodyLength);
    whole.write(head, "latin1");
    if (typeof body === "string") whole.write(body, head.length);
    else whole.set(body, head.length);
    this.record(RecordType.Stdout, requestId, whole);
  }

  end(): void {}

  take(): Uint8Array[] {
    const ready = this.#ready;
    this.#ready = [];
    this.takenLength = this.length;
    this.length = 0;
    return ready;
  }

  takeSegments(): Segment[] | undefined {
    const segments = this.#segments;
    this.#segments = undefined;
    return segments;
  }

  sent(): void {
    for (const segment of this.takeSegments() ?? []) segment.release();
  }

  clear(): void {
    this.take();
    this.sent();
  }
}
