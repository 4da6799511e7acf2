import { channel } from "node:diagnostics_channel";

import type { ProtocolError, ProtocolErrorCode } from "../errors.js";

/** The channel of `node:diagnostics_channel`; each message is a {@link ProtocolErrorEvent}. */
const errors = channel("tricorn.protocol.error");

/** The Web server, or another program that connects, has broken the protocol. */
export interface ProtocolErrorEvent {
  /** It has a heading in docs/errors.md. */
  readonly code: ProtocolErrorCode;
  /** What was wrong; nothing that the peer has sent is in it. */
  readonly message: string;
  /** The IP address of the peer; undefined on a unix socket. */
  readonly peer: string | undefined;
  /** A number of the connection that no other one of this process has. */
  readonly connectionId: number;
}

/** Where a violation has happened. */
export interface ViolatedConnection {
  readonly id: number;
  readonly peer: string | undefined;
}

/** Publishes a violation, if someone subscribes to them. */
export function publishProtocolError(
  { code, message }: ProtocolError,
  { id, peer }: ViolatedConnection,
): void {
  if (!errors.hasSubscribers) return;
  const event: ProtocolErrorEvent = { code: code as ProtocolErrorCode, message, peer, connectionId: id };
  errors.publish(event);
}
