/** When something happened to a host; of `performance.now()`. */
export interface HostMoment {
  readonly kind: "draining" | "stopped" | "killed" | "back";
  readonly at: number;
  readonly host: number;
}
