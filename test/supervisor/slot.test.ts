import { describe, expect, test, vi } from "vitest";

import type { MessageToWorker } from "../../src/supervisor/channel.js";
import { Slot, type SlotHost } from "../../src/supervisor/slot.js";
import type { WorkerProcess } from "../../src/supervisor/worker-process.js";
import * as states from "../../src/supervisor/worker-state.js";
import { deferred, turns } from "../support/served.js";

/** A worker that does what the test says. */
class ScriptedWorker {
  readonly readyAt: number | undefined = 0;
  readonly failure = { sentence: "it does not start", details: [] };
  readonly sent: MessageToWorker["kind"][] = [];
  readonly #stopped = deferred();
  readonly stopped = this.#stopped.promise;
  #state: states.WorkerState = states.STARTING;
  #waiting: (() => void)[] = [];

  get state(): states.WorkerState {
    return this.#state;
  }

  become(state: states.WorkerState): void {
    this.#state = state;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  async reached(...kinds: readonly states.WorkerStateName[]): Promise<void> {
    while (this.#state.kind !== "ended" && !kinds.includes(this.#state.kind))
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  send({ kind }: MessageToWorker): void {
    this.sent.push(kind);
    if (kind === "listen") this.become({ kind: "ready" });
  }

  leave(why: states.LeaveReason): void {
    this.become(states.leave(this.#state, why));
  }

  kill(why: string): void {
    this.become(states.kill(this.#state, why));
  }

  confirmStop(): void {
    this.#stopped.resolve();
  }
}

/** A slot whose first worker serves, and whose second one is prepared while the first has not confirmed that it stopped. */
async function replacing(): Promise<{
  readonly slot: Slot;
  readonly old: ScriptedWorker;
  readonly next: ScriptedWorker;
  readonly replaced: Promise<unknown>;
}> {
  const workers: ScriptedWorker[] = [];
  const host: SlotHost = {
    startLimit: 9_000,
    isStopping: false,
    spawn: () => {
      const worker = new ScriptedWorker();
      workers.push(worker);
      return worker as unknown as WorkerProcess;
    },
    looping: () => undefined,
  };
  const slot = new Slot(0, host);
  const started = slot.start();
  await turns(2);
  workers[0]!.become({ kind: "prepared" });
  expect(await started).toBeUndefined();
  const replaced = slot.replace("reload");
  await turns(2);
  workers[1]!.become({ kind: "prepared" });
  await turns(2);
  return { slot, old: workers[0]!, next: workers[1]!, replaced };
}

describe("a new worker does not listen", () => {
  test("before the old one has confirmed that it begins no request more, however long that takes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const { slot, old, next, replaced } = await replacing();
      vi.advanceTimersByTime(60_000);
      await turns(2);
      expect(old.state).toEqual({ kind: "leaving", why: "reload" });
      expect([next.sent, next.state.kind]).toEqual([[], "prepared"]);
      // But it gets connections of the old one.
      expect(slot.receiver).toBe(next);
      old.confirmStop();
      expect(await replaced).toBeUndefined();
      expect(next.sent).toEqual(["listen"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("before the old one has ended, if that hangs", async () => {
    const { old, next, replaced } = await replacing();
    old.kill("its event loop has stood still");
    await turns(2);
    expect(next.sent).toEqual([]);
    old.become(states.end(old.state, { code: null, signal: "SIGKILL" }));
    expect(await replaced).toBeUndefined();
    expect(next.sent).toEqual(["listen"]);
  });
});
