import { once } from "node:events";
import { Agent, get } from "node:http";
import { expect, test } from "vitest";

import { http } from "../../gateway/support/http.js";
import type { Seen } from "./contract.js";
import { differs, type ResponderDifferences } from "./differences.js";
import { visitor, type ResponderDoor } from "./responder-door.js";
import type { Cue } from "./stage.js";

/** The tests of many requests. */
export function testConnections(door: () => ResponderDoor, { startsProcesses }: ResponderDifferences): void {
  const { url, visit } = visitor(door);

  test("200 requests of one client are answered on a kept connection", async ({ task }) => {
    const rounds = differs(task, startsProcesses) ? 5 : 200;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { origin, pathname } = new URL(url("/hello"));
    let connections = 0;
    for (let round = 0; round < rounds; round++) {
      const { status, body, isReused } = await http(origin, pathname, { agent });
      expect([status, body]).toEqual([200, "Hello\n"]);
      if (!isReused) connections++;
    }
    agent.destroy();
    // Servers bound how many requests they take on one connection: Apache takes 101.
    expect(connections).toBeLessThanOrEqual(2);
  });

  test("50 simultaneous requests are all answered", async ({ task }) => {
    const count = differs(task, startsProcesses) ? 5 : 50;
    const answers = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const answer = await visit(`/seen/${index}`);
        return ((await answer.json()) as Seen).path;
      }),
    );
    expect(answers).toEqual(answers.map((_, index) => `/seen/${index}`));
  });
}

/** The tests of clients that leave. */
export function testDepartures(
  door: () => ResponderDoor,
  { overlooksDepartures, startsProcesses }: ResponderDifferences,
): void {
  const { url, visit } = visitor(door);
  /** Resolves when the handler has stopped that tells this first, or its process has ended where it has one of its own. */
  const stops = async (first: Cue): Promise<void> => {
    const { stage } = door();
    if (startsProcesses === undefined) return stage.when("stopped");
    await stage.when(first);
    await stage.speakerLeft();
  };

  /** What is produced for nobody keeps no other from being answered; then it is enough. */
  const goOnForNobody = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) expect(await (await visit("/hello")).text()).toBe("Hello\n");
    door().stage.tell("enough");
  };

  test("a waiting handler is notified when its client leaves", async ({ task }) => {
    const { stage } = door();
    let isNoticed = false;
    const [waiting, stopped] = [stage.when("waiting"), stops("waiting")];
    const aborted = stage.when("aborted").then(() => (isNoticed = true));
    const left = get(url("/wait"), { agent: false }).on("error", () => {});
    await waiting;
    left.socket!.resetAndDestroy();
    if (differs(task, overlooksDepartures)) {
      // It is noticed as soon as something is sent.
      await (await visit("/hello")).text();
      if (!overlooksDepartures.sometimes) expect(isNoticed).toBe(false);
      stage.tell("go on");
      if (overlooksDepartures.silently) await goOnForNobody();
      await Promise.race([aborted, stopped]);
    } else {
      await aborted;
    }
  });

  test("a streaming handler is notified when its client leaves", async ({ task }) => {
    const stopped = stops("pouring");
    const left = get(url("/pour"), { agent: false }).on("error", () => {});
    const gone = once(left, "close");
    left.on("response", (response) => {
      response.once("data", () => left.destroy());
      response.on("error", () => {});
    });
    await gone;
    if (overlooksDepartures?.silently && differs(task, overlooksDepartures)) await goOnForNobody();
    await stopped;
  });
}
