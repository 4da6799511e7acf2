import type { ValueName } from "../constants.js";

/** What the application side needs of the transport around it. */
export interface ApplicationSideHost {
  /** Output was queued: take and write it soon. */
  outputQueued(): void;
  /** The number of active requests has changed; see `ApplicationSide.finished`. */
  activeChanged(by: number): void;
  /** The number of input bytes that wait has changed: if there are fewer, reading may go on. */
  bufferedChanged(by: number): void;
  /** The connection must be broken so that the peer sees an incomplete answer. */
  breakConnection(): void;
  /** Milliseconds of a clock that only grows. One that is behind has time limits strike early. */
  now(): number;
  /** The answers to GET_VALUES, with the limits that are really enforced (section 4.1). */
  readonly values: Readonly<Record<ValueName, string>>;
  /** Whether one more request may be active in this process. */
  admit(): boolean;
}
