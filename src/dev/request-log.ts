import type { IncomingMessage } from "node:http";

import type { ClientRequest } from "../client/index.js";
import type {
  ExchangeEnd,
  ExchangeObserver,
  GatewayObserver,
  RoleResult,
} from "../gateway/gateway-observer.js";
import { loggablePath } from "../log/loggable-path.js";
import { Role, roleName } from "../protocol/constants.js";

/** A request and how it ended, as the log shows it. */
export interface RequestLine {
  /** The roles that were asked, in their order; none if the gateway answered, as with a file. */
  readonly roles: readonly string[];
  readonly method: string;
  /** Without what may be secret: see {@link loggablePath}. */
  readonly path: string;
  /** What the authorizers said; undefined if none was asked. */
  readonly decision: "allowed" | "denied" | undefined;
  /** Undefined if there was no response. */
  readonly status: number | undefined;
  /** Whether the client has got all of the response. */
  readonly isComplete: boolean;
  /** In ms. */
  readonly took: number;
}

/** Makes a line of each request. */
export class RequestLog implements GatewayObserver {
  readonly #line: (line: RequestLine) => void;

  constructor(line: (line: RequestLine) => void) {
    this.#line = line;
  }

  began(request: IncomingMessage): ExchangeObserver {
    return new LoggedExchange(request, this.#line);
  }
}

class LoggedExchange implements ExchangeObserver {
  readonly #method: string;
  readonly #path: string;
  readonly #since = performance.now();
  readonly #line: (line: RequestLine) => void;
  readonly #roles: string[] = [];
  #decision: RequestLine["decision"];

  constructor({ method = "GET", url = "/" }: IncomingMessage, line: (line: RequestLine) => void) {
    this.#method = method;
    this.#path = loggablePath(url);
    this.#line = line;
  }

  asked({ role = Role.Responder }: ClientRequest): void {
    this.#roles.push(roleName(role));
  }

  answered({ kind }: RoleResult): void {
    if (kind !== "responded") this.#decision = kind;
  }

  failed(): void {
    // Its end says so.
  }

  ended({ status, complete }: ExchangeEnd): void {
    this.#line({
      roles: this.#roles,
      method: this.#method,
      path: this.#path,
      decision: this.#decision,
      status,
      isComplete: complete,
      took: performance.now() - this.#since,
    });
  }
}

/** Observes for two. */
export function bothObservers(one: GatewayObserver, other: GatewayObserver): GatewayObserver {
  return {
    began: (request) => {
      const [a, b] = [one.began(request), other.began(request)];
      return {
        asked: (asked) => {
          a.asked(asked);
          b.asked(asked);
        },
        answered: (result) => {
          a.answered(result);
          b.answered(result);
        },
        failed: (error) => {
          a.failed(error);
          b.failed(error);
        },
        ended: (end) => {
          a.ended(end);
          b.ended(end);
        },
      };
    },
  };
}
