/** How much an inspector keeps. */
export interface InspectorLimits {
  /** HTTP requests; above it, the oldest is dropped. Default: 200. */
  readonly requests: number;
  /** Bytes of all kept requests together; above it, the oldest are dropped. Default: 32 MiB. */
  readonly bytes: number;
  /** Records of a request in one role that are listed; more are counted. Default: 1000. */
  readonly records: number;
  /** Bytes of a stream whose content is kept, such as a STDOUT; more are counted. Default: 128 KiB. */
  readonly streamBytes: number;
  /** Pages that are open at the same time; above it, a page gets no events. Default: 8. */
  readonly pages: number;
  /** Bytes of events that wait for a page; above it, the page is disconnected and asks again. Default: 1 MiB. */
  readonly waitingEventBytes: number;
}

export const defaultInspectorLimits: InspectorLimits = {
  requests: 200,
  bytes: 32 * 1024 * 1024,
  records: 1000,
  streamBytes: 128 * 1024,
  pages: 8,
  waitingEventBytes: 1024 * 1024,
};
