import { execFile } from "node:child_process";

/** Where systemd listens, and how often it wants to hear that the service lives; both are for one process. */
export interface NotifyFacts {
  /** NOTIFY_SOCKET. */
  readonly socket: string;
  /** Between two signs of life, in ms: half of WATCHDOG_USEC. Undefined without a watchdog. */
  readonly watchdog: number | undefined;
}

const MICROSECOND = 1 / 1000;
const NANOSECONDS_PER_MICROSECOND = 1000n;
/** How long systemd-notify may take; ms. */
const LIMIT = 5_000;

/**
 * Parses NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_notify(3), sd_watchdog_enabled(3)); undefined if systemd does not
 * listen.
 */
export function parseNotifyFacts(environment: NodeJS.ProcessEnv, pid: number): NotifyFacts | undefined {
  const { NOTIFY_SOCKET: socket = "", WATCHDOG_USEC: interval = "", WATCHDOG_PID: meantFor } = environment;
  if (socket === "") return undefined;
  const isOurs = meantFor === undefined || Number(meantFor) === pid;
  const isWatched = isOurs && /^[1-9]\d{0,15}$/.test(interval);
  return { socket, watchdog: isWatched ? (Number(interval) * MICROSECOND) / 2 : undefined };
}

/** Takes these facts from the environment, so that no worker speaks to systemd for the master. */
export function takeNotifyFacts(): NotifyFacts | undefined {
  const facts = parseNotifyFacts(process.env, process.pid);
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete process.env[name];
  return facts;
}

/** News for systemd. */
export type ServiceNews =
  | { readonly kind: "ready"; readonly status: string }
  | { readonly kind: "reloading" }
  | { readonly kind: "draining" }
  | { readonly kind: "stopping" }
  | { readonly kind: "alive" };

/** Formats news as assignments (sd_notify(3)); `now` is the monotonic clock, in ns, as systemd 253 wants it with RELOADING. */
export function formatNews(news: ServiceNews, now: bigint): readonly string[] {
  switch (news.kind) {
    case "ready":
      return ["READY=1", `STATUS=${news.status}`];
    case "reloading":
      return ["RELOADING=1", `MONOTONIC_USEC=${now / NANOSECONDS_PER_MICROSECOND}`, "STATUS=Reloading"];
    // From STOPPING=1 on, systemd would count TimeoutStopSec= after a `tricorn stop` too.
    case "draining":
      return ["STATUS=Draining"];
    case "stopping":
      return ["STOPPING=1", "STATUS=Stopping"];
    case "alive":
      return ["WATCHDOG=1"];
    default:
      return news satisfies never;
  }
}

/**
 * Sends news to systemd by its program systemd-notify, one message after another: Node.js has no datagram sockets of that kind. The unit
 * needs NotifyAccess=all, because the program is a child of the service.
 */
export class SystemdNotify {
  readonly #socket: string;
  readonly #failed: (error: Error) => void;
  #last: Promise<void> = Promise.resolve();

  /** @param failed called each time that news cannot be sent */
  constructor(socket: string, failed: (error: Error) => void) {
    this.#socket = socket;
    this.#failed = failed;
  }

  /** Resolves when all news so far was sent, or could not be. */
  get sent(): Promise<void> {
    return this.#last;
  }

  /** Resolves when the news was sent, or could not be. */
  send(news: ServiceNews): Promise<void> {
    this.#last = this.#last.then(() => this.#run(formatNews(news, process.hrtime.bigint())));
    return this.#last;
  }

  #run(assignments: readonly string[]): Promise<void> {
    const env = { PATH: process.env["PATH"], NOTIFY_SOCKET: this.#socket };
    return new Promise((resolve) => {
      execFile("systemd-notify", [...assignments], { env, timeout: LIMIT }, (error) => {
        if (error !== null) this.#failed(error);
        resolve();
      });
    });
  }
}
