import type { ClientRequest } from "./client-request.js";

/** Observes the connections of a client, for inspection: it sees what travels, and cannot change it. It must not throw. */
export interface ClientObserver {
  /** A connection is open. */
  opened(): ConnectionObserver;
}

/** Observes one connection. Bytes come in the order in which they travel, and are valid only during the call. */
export interface ConnectionObserver {
  /** The request will be sent with this request id, once for each attempt: its BEGIN_REQUEST is next among those of the id. */
  began(requestId: number, request: ClientRequest): void;
  /** Bytes were handed to the transport. */
  sent(bytes: Uint8Array): void;
  received(bytes: Uint8Array): void;
  closed(): void;
}
