import type { IncomingMessage } from "node:http";

import type { ClientRequest } from "../client/index.js";

/** Observes the HTTP requests of a gateway, for inspection: it sees what happens, and cannot change it. It must not throw. */
export interface GatewayObserver {
  /** A request arrived, and no door answered it. */
  began(request: IncomingMessage): ExchangeObserver;
}

/** Observes one HTTP request and its response. */
export interface ExchangeObserver {
  /** The application is asked in the role of the request; a client with an observer reports the same object. */
  asked(request: ClientRequest): void;
  /** What the application answered in that role. */
  answered(result: RoleResult): void;
  /** The exchange failed, or the HTTP client left: there is no more to come of the application. */
  failed(error: unknown): void;
  /** The response is complete, or will never be. */
  ended(end: ExchangeEnd): void;
}

/** What the application answered in one role. */
export type RoleResult =
  /** The authorizer allows the request, with these variables for the role that responds. */
  | { readonly kind: "allowed"; readonly variables: ReadonlyMap<string, string> }
  /** The authorizer denies it: its response goes to the client. */
  | { readonly kind: "denied"; readonly status: number }
  /** The head of a response by a responder or a filter has arrived. */
  | { readonly kind: "responded"; readonly status: number };

/** How an HTTP request ended. */
export interface ExchangeEnd {
  /** Of the response; undefined if it has no head. */
  readonly status: number | undefined;
  /** Whether the client has got all of the response. */
  readonly complete: boolean;
}
