import type { IncomingMessage } from "node:http";

import type { ClientRequest } from "../client/index.js";
import type { ExchangeEnd, ExchangeObserver, RoleResult } from "../gateway/index.js";
import { Role } from "../protocol/constants.js";
import type { Conversation } from "./conversation.js";

/** The application was asked in one role. */
export class RoleQuestion {
  readonly exchange: ExchangeRecording;
  readonly role: number;
  /** When it was asked, in milliseconds of `performance.now()`. */
  readonly time = performance.now();
  /** One for each connection that it was tried on. */
  readonly conversations: Conversation[] = [];
  result: RoleResult | undefined;

  constructor(exchange: ExchangeRecording, { role = Role.Responder }: ClientRequest) {
    this.exchange = exchange;
    this.role = role;
  }
}

/** What an exchange needs of the recording that it belongs to. */
export interface ExchangeRecordingHost {
  /** The request is the question: its records belong to it. */
  asked(request: ClientRequest, question: RoleQuestion): void;
  /** The exchange takes more memory, in bytes. */
  grew(exchange: ExchangeRecording, bytes: number): void;
  changed(exchange: ExchangeRecording): void;
}

/** Memory that an exchange takes beside its texts and records, in bytes, roughly. */
const EXCHANGE_COST = 2048;

/** Where an exchange stands among the others. */
export interface ExchangePlace {
  /** The first HTTP request of an inspector is 1. */
  readonly number: number;
  /** The number of the request that it repeats. */
  readonly replayOf: number | undefined;
}

/** One HTTP request, the questions that it caused, and its end. */
export class ExchangeRecording implements ExchangeObserver {
  readonly number: number;
  readonly replayOf: number | undefined;
  readonly method: string;
  /** The target as it came. */
  readonly target: string;
  /** The header fields as they came: names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** In milliseconds since 1970. */
  readonly date = Date.now();
  /** In milliseconds of `performance.now()`. */
  readonly time = performance.now();
  readonly questions: RoleQuestion[] = [];
  failure: unknown;
  end: (ExchangeEnd & { readonly time: number }) | undefined;
  /** Bytes of memory, roughly. */
  cost: number;
  readonly #host: ExchangeRecordingHost;

  constructor(request: IncomingMessage, { number, replayOf }: ExchangePlace, host: ExchangeRecordingHost) {
    this.number = number;
    this.replayOf = replayOf;
    this.method = request.method ?? "GET";
    this.target = request.url ?? "";
    this.rawHeaders = request.rawHeaders;
    this.cost = EXCHANGE_COST + this.target.length;
    for (const text of this.rawHeaders) this.cost += text.length;
    this.#host = host;
  }

  asked(request: ClientRequest): void {
    const question = new RoleQuestion(this, request);
    this.questions.push(question);
    this.#host.asked(request, question);
    this.#host.changed(this);
  }

  answered(result: RoleResult): void {
    const question = this.questions.at(-1);
    if (question !== undefined) question.result = result;
    if (result.kind === "allowed") this.#host.grew(this, sizeOf(result.variables));
    this.#host.changed(this);
  }

  failed(error: unknown): void {
    this.failure = error;
    this.#host.changed(this);
  }

  ended(end: ExchangeEnd): void {
    this.end = { ...end, time: performance.now() };
    this.#host.changed(this);
  }
}

function sizeOf(variables: ReadonlyMap<string, string>): number {
  let size = 0;
  for (const [name, value] of variables) size += name.length + value.length;
  return size;
}
