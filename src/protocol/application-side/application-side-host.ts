import type { ProtocolError } from "../../errors.js";
import type { ValueName } from "../constants.js";

/** What the application side needs of the transport around it. */
export interface ApplicationSideHost {
  /** A number of the connection that no other one of this process has; optional, 0 by default. */
  readonly id?: number;
  /** Output was queued: write it soon. */
  outputQueued(): void;
  /** The number of active requests has changed; see `ApplicationSide.finished`. */
  activeChanged(by: number): void;
  /** The number of input bytes that wait has changed: if there are fewer, reading may go on. */
  bufferedChanged(by: number): void;
  /** A request was refused; optional, for statistics. */
  refused?(): void;
  /** The peer has broken the protocol in one request, which alone is refused; optional, for observers. */
  violated?(error: ProtocolError): void;
  /** Breaks the connection, so that the peer sees an incomplete answer. */
  breakConnection(): void;
  /** A monotonic clock, in ms. If it is behind, time limits strike early. */
  now(): number;
  /** The answers to GET_VALUES: the limits that are enforced (section 4.1). */
  readonly values: Readonly<Record<ValueName, string>>;
  /** Whether one more request may be active in this process. */
  admit(): boolean;
}
