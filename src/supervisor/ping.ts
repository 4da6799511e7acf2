import type { Supervised } from "./supervised.js";

/** Whether a master is to get requests: "pong" if so, otherwise why not. */
export type Ping = "pong" | "draining" | "stopping" | "no worker answers";

/** Asks a master whether it is to get requests. */
export async function ping(
  master: Pick<Supervised, "answers" | "drainEndsAt" | "isStopping">,
): Promise<Ping> {
  const isAlive = await master.answers();
  if (master.isStopping) return "stopping";
  if (master.drainEndsAt !== undefined) return "draining";
  return isAlive ? "pong" : "no worker answers";
}
