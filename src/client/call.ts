import { Role } from "../protocol/constants.js";
import { encodeNameValuePairs } from "../protocol/name-value.js";
import { after } from "./after.js";
import { adoptSource, cancelSource, isReplayable } from "./body-source.js";
import { ClientError } from "./client-error.js";
import { inputsOf, type ClientRequest, type RequestInput } from "./client-request.js";
import type { ClientResponse } from "./client-response.js";

/** How a call tells its caller what came of it. */
export interface CallOutcome {
  resolve(response: ClientResponse): void;
  reject(reason: unknown): void;
}

/** A request from the call until its end, over all the connections that it is tried on. */
export class Call {
  readonly role: number;
  /** The block of name-value pairs. */
  readonly params: Buffer;
  readonly inputs: readonly RequestInput[];
  readonly raw: boolean;
  /** Whether its bodies can be sent a second time. */
  readonly replayable: boolean;
  /** Whether it may be sent a second time after an attempt of which nobody knows how far it came. */
  readonly repeatable: boolean;
  /** Whether it asks for the header block alone (HEAD), whose Content-Length no body has. */
  readonly isHead: boolean;
  /** How often it was sent already. */
  attempts = 0;
  /** Whether it goes to a connection that nothing was sent on: a kept one was closed under it, and others may be too. */
  needsNewConnection = false;
  /** Whoever holds the call, the queue or an exchange, is told here that it is given up. */
  onCancel: ((reason: unknown) => void) | undefined;
  readonly #outcome: CallOutcome;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @throws TypeError or RangeError for a request that makes no sense, the signal's reason if that is aborted already */
  constructor(request: ClientRequest, outcome: CallOutcome) {
    const { role = Role.Responder, params, signal, timeout = Infinity, raw = false } = request;
    if (!Number.isInteger(role) || role < 0 || role > 0xffff) {
      throw new RangeError(`Cannot send request: role is ${role}, expected 0 to 65535`);
    }
    const pairs = Symbol.iterator in params ? Array.from(params) : Object.entries(params);
    this.role = role;
    this.params = encodeNameValuePairs(pairs);
    this.inputs = inputsOf(request);
    for (const { source } of this.inputs) adoptSource(source);
    this.raw = raw;
    this.replayable = this.inputs.every(({ source }) => isReplayable(source));
    const method = pairs.find(([name]) => name === "REQUEST_METHOD")?.[1].toUpperCase();
    this.repeatable = this.replayable && isIdempotent(role, method);
    this.isHead = method === "HEAD";
    this.#outcome = outcome;
    this.#signal = signal;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#aborted);
    this.#timer = after(timeout, () => {
      const fact = `it did not end within ${timeout} ms`;
      this.onCancel?.(new ClientError("ERR_CLIENT_TIMEOUT", `Cannot complete request: ${fact}`));
    });
  }

  /** The answer has begun. The signal and the timer stay until {@link finish}. */
  resolve(response: ClientResponse): void {
    this.#outcome.resolve(response);
  }

  /** There will be no answer. */
  reject(reason: unknown): void {
    this.finish();
    if (this.attempts === 0) for (const { source } of this.inputs) cancelSource(source, reason);
    this.#outcome.reject(reason);
  }

  /** Nothing more can happen to the call. */
  finish(): void {
    this.onCancel = undefined;
    this.#signal?.removeEventListener("abort", this.#aborted);
    clearTimeout(this.#timer);
  }

  readonly #aborted = (): void => {
    this.onCancel?.(this.#signal!.reason);
  };
}

/** RFC 9110, section 9.2.2: what may have been carried out must not be repeated unasked. Authorizers only judge. */
function isIdempotent(role: number, method: string | undefined): boolean {
  if (role === Role.Authorizer) return true;
  return method === undefined || !["POST", "PATCH", "LOCK", "CONNECT"].includes(method);
}
