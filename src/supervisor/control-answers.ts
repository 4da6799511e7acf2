import type { ControlAnswer, ControlRequest } from "./control-protocol.js";
import { ping } from "./ping.js";
import type { Status } from "./status.js";
import type { Supervised } from "./supervised.js";

/** A master that can be asked. */
export interface AskedMaster {
  readonly master: Supervised;
  /** Makes a snapshot. */
  readonly status: () => Promise<Status>;
}

/** Answers what a master is asked over its control socket; `asked` is undefined until the workers of the first start are ready. */
export async function answerControl(
  request: ControlRequest,
  asked: AskedMaster | undefined,
): Promise<ControlAnswer> {
  if (asked === undefined) return { kind: "refused", fact: "it has not started yet" };
  const { master, status } = asked;
  switch (request.command) {
    case "ping":
      return { kind: "pinged", result: await ping(master) };
    case "status":
      return { kind: "status", status: await status() };
    case "reload": {
      if (master.isStopping) return { kind: "refused", fact: "it stops" };
      if (master.drainEndsAt !== undefined)
        return { kind: "refused", fact: `it drains, and stops in ${secondsUntil(master.drainEndsAt)} s` };
      const outcome = await master.reload();
      if (request.wait && outcome.failure === undefined) await master.oldWorkersGone();
      return { kind: "reloaded", outcome };
    }
    case "stop":
      void master.stop(request);
      return { kind: "stopping" };
    default:
      return request satisfies never;
  }
}

function secondsUntil(time: number): number {
  return Math.max(0, Math.ceil((time - Date.now()) / 1_000));
}
