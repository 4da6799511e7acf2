import type { IncomingMessage, ServerResponse } from "node:http";

import type { RequestPath } from "./request-path.js";
import type { ApplicationResponse } from "./response.js";

/** An HTTP request, and its response that is being sent. */
export interface OpenExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: RequestPath;
  /** REQUEST_METHOD. */
  readonly method: string;
}

/** Changes what a site sends: the pages of `tricorn dev`. */
export interface ResponseEditor {
  /** A response of the application or a file is to be sent: returns what is sent instead, or the response itself. */
  edit(
    exchange: OpenExchange,
    response: ApplicationResponse,
  ): ApplicationResponse | Promise<ApplicationResponse>;
  /** Answers a request that has failed before its response began. */
  failed(exchange: OpenExchange, error: unknown): void;
}
