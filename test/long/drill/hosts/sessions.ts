import type { IncomingMessage } from "node:http";

import type { Clients } from "../ask.js";
import { traceOf } from "./journal.js";

/** Of so many requests, one has no session. */
const STRANGERS = 4;

/** By what a load balancer knows a session: a cookie, or the user of Basic credentials; with "none" there are no sessions. */
export type SessionKey = "cookie" | "user" | "none";

/** Clients with sessions, which keep the cookies that they get. */
export class Sessions implements Clients {
  readonly #cookies: readonly Map<string, string>[];
  readonly #key: SessionKey;

  constructor(count: number, key: SessionKey) {
    this.#cookies = Array.from({ length: count }, (_, session) => new Map([["sid", `s${session}`]]));
    this.#key = key;
  }

  sessionOf(request: number): string | undefined {
    const session = this.#of(request);
    return session === undefined ? undefined : `s${session}`;
  }

  fieldsOf(request: number): Record<string, string> {
    const traceparent = `00-${traceOf(request)}-0000000000000001-01`;
    const session = this.#of(request);
    if (session === undefined) return { traceparent };
    if (this.#key === "user") return { traceparent, authorization: `Basic ${btoa(`s${session}:secret`)}` };
    const cookies = Array.from(this.#cookies[session]!, ([name, value]) => `${name}=${value}`);
    return { traceparent, cookie: cookies.join("; ") };
  }

  answered(request: number, { headers }: IncomingMessage): void {
    const session = this.#of(request);
    if (session === undefined) return;
    for (const cookie of headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies[session]!.set(name, value);
    }
  }

  #of(request: number): number | undefined {
    return this.#key === "none" || request % STRANGERS === 0 ? undefined : request % this.#cookies.length;
  }
}
