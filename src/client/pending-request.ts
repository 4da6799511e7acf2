import { Role } from "../protocol/constants.js";
import { encodeNameValuePairs } from "../protocol/name-value.js";
import { after } from "./after.js";
import { adoptSource, cancelSource, isReplayable } from "./body-source.js";
import { ClientError } from "./client-error.js";
import { inputsOf, type ClientRequest, type OutgoingStream } from "./client-request.js";
import type { ClientResponse } from "./client-response.js";

/** Reports the result of a request to its caller. */
export interface RequestOutcome {
  resolve(response: ClientResponse): void;
  reject(reason: unknown): void;
}

/** A request from the call until its end, across all connections that it is tried on. */
export class PendingRequest {
  readonly request: ClientRequest;
  readonly role: number;
  /** The block of name-value pairs. */
  readonly params: Buffer;
  readonly inputs: readonly OutgoingStream[];
  readonly raw: boolean;
  /** Whether its bodies can be sent again. */
  readonly replayable: boolean;
  /** Whether it may be sent again after an attempt that the application may have processed. */
  readonly repeatable: boolean;
  /** Whether it is a HEAD request, whose response has a Content-Length but no body. */
  readonly isHead: boolean;
  /** How often it has been sent. */
  attempts = 0;
  /** Whether it needs a connection that has not been used: a kept one was closed by the peer, and others may be as well. */
  needsNewConnection = false;
  /** Set by the current holder, the queue or an exchange: called when the request is cancelled. */
  onCancel: ((reason: unknown) => void) | undefined;
  readonly #outcome: RequestOutcome;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @throws TypeError or RangeError for an invalid request; the signal's reason if it is already aborted */
  constructor(request: ClientRequest, outcome: RequestOutcome) {
    const { role = Role.Responder, params, signal, timeout = Infinity, raw = false } = request;
    if (!Number.isInteger(role) || role < 0 || role > 0xffff) {
      throw new RangeError(`Cannot send request: role is ${role}, expected 0 to 65535`);
    }
    const pairs = Symbol.iterator in params ? Array.from(params) : Object.entries(params);
    this.request = request;
    this.role = role;
    this.params = encodeNameValuePairs(pairs);
    this.inputs = inputsOf(request);
    for (const { source } of this.inputs) adoptSource(source);
    this.raw = raw;
    this.replayable = this.inputs.every(({ source }) => isReplayable(source));
    const [, given = "GET"] = pairs.find(([name]) => name === "REQUEST_METHOD") ?? [];
    const method = (typeof given === "string" ? given : Buffer.from(given).toString()).toUpperCase();
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

  /** The response has begun. The signal and the timer remain active until {@link finish}. */
  resolve(response: ClientResponse): void {
    this.#outcome.resolve(response);
  }

  /** There is no response. */
  reject(reason: unknown): void {
    this.finish();
    if (this.attempts === 0) for (const { source } of this.inputs) cancelSource(source, reason);
    this.#outcome.reject(reason);
  }

  /** The request has ended. */
  finish(): void {
    this.onCancel = undefined;
    this.#signal?.removeEventListener("abort", this.#aborted);
    clearTimeout(this.#timer);
  }

  readonly #aborted = (): void => {
    this.onCancel?.(this.#signal!.reason);
  };
}

/** RFC 9110, section 9.2.2: a request that may have been processed is repeated only if it is idempotent. An authorizer's always is. */
function isIdempotent(role: number, method: string): boolean {
  if (role === Role.Authorizer) return true;
  return !["POST", "PATCH", "LOCK", "CONNECT"].includes(method);
}
