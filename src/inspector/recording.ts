import type { IncomingMessage } from "node:http";

import type { ClientObserver, ClientRequest } from "../client/index.js";
import type { GatewayObserver } from "../gateway/index.js";
import { ConnectionRecording, type ConnectionRecordingHost } from "./connection-recording.js";
import { Conversation, type ConnectionFacts } from "./conversation.js";
import { ExchangeRecording, type ExchangeRecordingHost, type RoleQuestion } from "./exchange-recording.js";
import type { InspectorLimits } from "./inspector-limits.js";

/** Learns what changes in a recording. */
export interface RecordingListener {
  /** The request is new, or something of it is. */
  changed(exchange: ExchangeRecording): void;
  /** The request is no longer kept. */
  dropped(exchange: ExchangeRecording): void;
}

/** A request that will be sent again. */
export interface ExpectedReplay {
  /** The number of the request that it repeats. */
  readonly of: number;
  /** It has arrived, with this number. */
  begun(number: number): void;
}

/** The latest HTTP requests of a gateway and their conversations with the application, within bounds. */
export class Recording
  implements ClientObserver, GatewayObserver, ConnectionRecordingHost, ExchangeRecordingHost
{
  readonly #limits: InspectorLimits;
  readonly #listener: RecordingListener;
  /** By number, the oldest first. */
  readonly #exchanges = new Map<number, ExchangeRecording>();
  readonly #questions = new WeakMap<ClientRequest, RoleQuestion>();
  /** By the client's port. */
  readonly #replays = new Map<number, ExpectedReplay>();
  #lastExchange = 0;
  #lastConnection = 0;
  #lastConversation = 0;
  #bytes = 0;

  constructor(limits: InspectorLimits, listener: RecordingListener) {
    this.#limits = limits;
    this.#listener = listener;
  }

  /** The requests that are kept, the oldest first. */
  get exchanges(): readonly ExchangeRecording[] {
    return [...this.#exchanges.values()];
  }

  /** Bytes of memory, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  exchange(number: number): ExchangeRecording | undefined {
    return this.#exchanges.get(number);
  }

  /** Drops all requests. */
  clear(): void {
    for (const exchange of this.exchanges) this.#drop(exchange);
  }

  /** The next request from this port of the client repeats another one. */
  expectReplay(port: number, replay: ExpectedReplay): void {
    this.#replays.set(port, replay);
  }

  /** No request from this port is expected any more. */
  forgetReplay(port: number): void {
    this.#replays.delete(port);
  }

  opened(): ConnectionRecording {
    this.#lastConnection += 1;
    return new ConnectionRecording(this.#lastConnection, this);
  }

  began(request: IncomingMessage): ExchangeRecording {
    const replay = this.#replays.get(request.socket.remotePort ?? 0);
    this.#lastExchange += 1;
    const exchange = new ExchangeRecording(
      request,
      { number: this.#lastExchange, replayOf: replay?.of },
      this,
    );
    this.#exchanges.set(exchange.number, exchange);
    this.#bytes += exchange.cost;
    this.#keepBounds();
    this.#listener.changed(exchange);
    replay?.begun(exchange.number);
    return exchange;
  }

  asked(request: ClientRequest, question: RoleQuestion): void {
    this.#questions.set(request, question);
  }

  nextConversation(): number {
    this.#lastConversation += 1;
    return this.#lastConversation;
  }

  conversationFor(request: ClientRequest, connection: ConnectionFacts): Conversation | undefined {
    const question = this.#questions.get(request);
    if (question === undefined || !this.#keeps(question.exchange)) return undefined;
    const { exchange } = question;
    const conversation = new Conversation(
      { number: this.nextConversation(), connection },
      {
        records: this.#limits.records,
        streamBytes: this.#limits.streamBytes,
        grew: (bytes) => this.grew(exchange, bytes),
        changed: () => this.changed(exchange),
      },
    );
    question.conversations.push(conversation);
    return conversation;
  }

  changed(exchange: ExchangeRecording): void {
    if (this.#keeps(exchange)) this.#listener.changed(exchange);
  }

  grew(exchange: ExchangeRecording, bytes: number): void {
    if (!this.#keeps(exchange)) return;
    exchange.cost += bytes;
    this.#bytes += bytes;
    this.#keepBounds();
  }

  #keeps(exchange: ExchangeRecording): boolean {
    return this.#exchanges.has(exchange.number);
  }

  /** Drops the oldest requests above the limits, those that have ended first. */
  #keepBounds(): void {
    while (this.#exchanges.size > this.#limits.requests || this.#bytes > this.#limits.bytes) {
      const oldest = this.#oldest();
      if (oldest === undefined) return;
      this.#drop(oldest);
    }
  }

  #oldest(): ExchangeRecording | undefined {
    let first: ExchangeRecording | undefined;
    for (const exchange of this.#exchanges.values()) {
      if (exchange.end !== undefined) return exchange;
      first ??= exchange;
    }
    return first;
  }

  #drop(exchange: ExchangeRecording): void {
    this.#exchanges.delete(exchange.number);
    this.#bytes -= exchange.cost;
    for (const { conversations } of exchange.questions)
      for (const conversation of conversations) conversation.drop();
    this.#listener.dropped(exchange);
  }
}
