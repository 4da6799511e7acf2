import { STATUS_CODES } from "node:http";

import { TricornError } from "../errors.js";
import type { HeaderFields } from "./header-fields.js";

/** One fault of a request: its location and the expectation, never the received value. */
export interface ProblemError {
  /** The part of the request. */
  readonly in: "path" | "query" | "header" | "cookie" | "body" | "variable";
  /** The path inside that part: names and indexes. */
  readonly path: readonly (string | number)[];
  /** What is expected. */
  readonly message: string;
}

/** The members of an `application/problem+json` answer (RFC 9457, section 3.1). */
export interface Problem {
  /** Says that the problem has no meaning beyond its status. */
  readonly type: "about:blank";
  /** The reason phrase of the status. */
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The stable code of the error, if it has its own. */
  readonly code?: string;
  readonly errors?: readonly ProblemError[];
}

/** Options of {@link HttpError}. */
export interface HttpErrorOptions {
  /** A stable code, sent to the client. */
  readonly code?: string | undefined;
  /** Additional header fields of the answer, such as `Retry-After`. */
  readonly headers?: HeaderFields | undefined;
  /** The error that caused this one; only logged. */
  readonly cause?: unknown;
  /** The single faults. */
  readonly errors?: readonly ProblemError[] | undefined;
}

/** The code of an error without its own, not sent to the client. */
const DEFAULT_CODE = "ERR_HTTP";

/**
 * An error that is answered with its status and a problem description (RFC 9457) as body. The client sees the detail: keep
 * secrets and internals out of it.
 */
export class HttpError extends TricornError {
  /** The status of the answer, 400 to 599. */
  readonly status: number;
  /** Additional header fields of the answer. */
  readonly headers: HeaderFields | undefined;
  /** The single faults. */
  readonly errors: readonly ProblemError[] | undefined;

  /**
   * @param detail what is wrong with the request, sent to the client
   * @throws RangeError if the status is not an integer from 400 to 599
   */
  constructor(status: number, detail: string, { code, headers, cause, errors }: HttpErrorOptions = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError(
        `Cannot make an HttpError of status ${status}: it must be an integer from 400 to 599`,
      );
    }
    super(code ?? DEFAULT_CODE, detail, { fault: status < 500 ? "remote" : "local", cause });
    this.status = status;
    this.headers = headers;
    this.errors = errors;
  }

  /** The text for the client, the same as `message`. */
  get detail(): string {
    return this.message;
  }

  /** Returns the body of the answer, of type `application/problem+json`. */
  toProblem(): Problem {
    return {
      type: "about:blank",
      title: titleOf(this.status),
      status: this.status,
      detail: this.detail,
      ...(this.code === DEFAULT_CODE ? undefined : { code: this.code }),
      ...(this.errors === undefined ? undefined : { errors: this.errors }),
    };
  }
}

/** RFC 9110, section 15: an unknown status means the same as the x00 of its class. */
function titleOf(status: number): string {
  return STATUS_CODES[status] ?? STATUS_CODES[status < 500 ? 400 : 500]!;
}
