import { STATUS_CODES } from "node:http";

import { TricornError } from "../errors.js";
import type { HeaderFields } from "./header-fields.js";

/** One thing that is wrong with a request. It says where and what, never which value was sent. */
export interface ProblemError {
  /** The part of the request. */
  readonly in: "path" | "query" | "header" | "cookie" | "body" | "variable";
  /** The way to it inside that part: names and indexes. */
  readonly path: readonly (string | number)[];
  /** What is expected there. */
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
  /** The stable code of the error, where it has one of its own. */
  readonly code?: string;
  readonly errors?: readonly ProblemError[];
}

/** What goes with an {@link HttpError}. */
export interface HttpErrorOptions {
  /** A stable code, which the client is told. */
  readonly code?: string | undefined;
  /** Further header fields of the answer, such as `Retry-After`. */
  readonly headers?: HeaderFields | undefined;
  /** The error that led to this one; only for the log. */
  readonly cause?: unknown;
  /** Everything that is wrong, one by one. */
  readonly errors?: readonly ProblemError[] | undefined;
}

/** The code of an error that was given none. It is not told to the client, because it says nothing. */
const DEFAULT_CODE = "ERR_HTTP";

/**
 * Thrown by a handler, it becomes an answer with this status and a problem description (RFC 9457) as body. The client
 * sees the detail, which is therefore written for it: no secrets, nothing of the program's inside.
 */
export class HttpError extends TricornError {
  /** The status of the answer, 400 to 599. */
  readonly status: number;
  /** Further header fields of the answer. */
  readonly headers: HeaderFields | undefined;
  /** Everything that is wrong, one by one. */
  readonly errors: readonly ProblemError[] | undefined;

  /**
   * @param detail what is wrong with this request, shown to the client
   * @throws RangeError when the status is not an error status
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

  /** What the client is shown, the same text as `message`. */
  get detail(): string {
    return this.message;
  }

  /** The body of the answer, to be sent as `application/problem+json`. */
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

/** RFC 9110, section 15: a status that is not known means what the x00 of its class means. */
function titleOf(status: number): string {
  return STATUS_CODES[status] ?? STATUS_CODES[status < 500 ? 400 : 500]!;
}
