import type { Logger } from "pino";

import type { Supervised } from "./supervised.js";
import { SystemdNotify, type NotifyFacts } from "./systemd-notify.js";

/** How long a worker may take to answer, in ms: the event loops of all hang if none does. */
const ANSWER_LIMIT = 1_000;

/**
 * Sends systemd news of a master: that it is ready, reloads, drains, stops, and as long as a worker answers, that it lives. Otherwise
 * systemd restarts the service (WatchdogSec=).
 *
 * @returns what sends it
 */
export function notifySystemd(
  master: Supervised,
  { facts, log }: { readonly facts: NotifyFacts; readonly log: Logger },
): SystemdNotify {
  let isReported = false;
  const systemd = new SystemdNotify(facts.socket, (error) => {
    if (!isReported) log.warn({ err: error }, "Cannot send news to systemd");
    isReported = true;
  });
  const ready = (): void => {
    const { workers, addresses } = master;
    const count = workers.filter(({ state }) => state === "ready").length;
    const status = `${count} ${count === 1 ? "worker" : "workers"} on ${addresses.join(", ")}`;
    void systemd.send({ kind: "ready", status });
  };
  master.on("reloading", () => void systemd.send({ kind: "reloading" }));
  // systemd waits for READY=1 after RELOADING=1, also if the old version serves on.
  master.on("reloaded", ready);
  ready();
  const lives = async (): Promise<void> => {
    if (await master.answers(ANSWER_LIMIT)) await systemd.send({ kind: "alive" });
  };
  const watchdog = facts.watchdog === undefined ? undefined : setInterval(() => void lives(), facts.watchdog);
  master.on("draining", () => void systemd.send({ kind: "draining" }));
  master.on("stopping", () => {
    clearInterval(watchdog);
    void systemd.send({ kind: "stopping" });
  });
  return systemd;
}
