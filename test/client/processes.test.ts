// Applications in which each process serves one connection at a time. If no process is free, connections wait in the
// system's queue, where the client cannot distinguish them.
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { ConnectionLimit } from "../../src/client/connection-limit.js";
import { UnacceptedConnections } from "../../src/client/unaccepted-connections.js";
import type { Peer } from "../support/scripted-application.js";
import { application, connect, get, hello, useScriptedApplication, type Further } from "./support.js";

useScriptedApplication();

/**
 * Plays `count` processes: each accepts a connection, serves it until the client closes it, and accepts the next one.
 * Returns on how many connections each request was sent, by its name.
 */
function playProcesses(count: number, answersValues: string): Map<string, number> {
  const seen = new Map<string, number>();
  let free = count;
  const queue: Peer[] = [];
  const serve = async (peer: Peer): Promise<void> => {
    let id = 0;
    try {
      for (;;) {
        const { type, id: of, content } = await peer.record();
        if (type === 9 && answersValues !== "") peer.sendValues(answersValues);
        if (type === 1) id = of;
        if (type === 4 && content.length > 0) {
          const name = content.toString("latin1");
          seen.set(name, (seen.get(name) ?? 0) + 1);
        }
        if (type === 5 && content.length === 0) peer.answer(id, hello);
      }
    } catch {
      free += 1;
      next();
    }
  };
  const next = (): void => {
    if (free === 0) return;
    const peer = queue.shift();
    if (peer === undefined) return;
    free -= 1;
    void serve(peer);
  };
  const accept = async (): Promise<void> => {
    for (;;) {
      queue.push(await application.accept());
      next();
    }
  };
  void accept();
  return seen;
}

/** Sends a number of requests at once, every other one a POST, and returns the results. */
async function sendTogether(client: ReturnType<typeof connect>, count: number): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const send = async (index: number): Promise<void> => {
    const params = { REQUEST_METHOD: index % 2 === 0 ? "POST" : "GET", NAME: `${index}` };
    const outcome = await client
      .request({ params, stdin: "" })
      .then((response) => response.text())
      .catch((error: unknown) => String(error));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };
  await Promise.all(Array.from({ length: count }, (_, index) => send(index)));
  return outcomes;
}

describe("each of a hundred requests is answered, and sent once,", () => {
  const byDefault: Further = { multiplex: undefined, timeouts: { response: 5_000, idle: 600_000 } };
  test.each<[string, number, string, Further]>([
    ["by four processes that say they do not multiplex", 4, "FCGI_MPXS_CONNS=0", byDefault],
    ["by one", 1, "FCGI_MPXS_CONNS=0", byDefault],
    ["by four that say they are alone", 4, "FCGI_MAX_CONNS=1 FCGI_MAX_REQS=1 FCGI_MPXS_CONNS=0", byDefault],
    ["by four that do not answer GET_VALUES", 4, "", byDefault],
    ["by one that does not answer GET_VALUES", 1, "", byDefault],
    ["by four that are not asked", 4, "", { ...byDefault, multiplex: false }],
    [
      "by four when connections are not kept",
      4,
      "FCGI_MPXS_CONNS=0",
      { ...byDefault, keepConnection: false },
    ],
    ["by as many as there are connections", 16, "FCGI_MPXS_CONNS=0", byDefault],
  ])("%s", async (_name, processes, answersValues, options) => {
    const seen = playProcesses(processes, answersValues);
    const client = connect(options);
    expect(await sendTogether(client, 100)).toEqual(new Map([["hello", 100]]));
    expect([...seen.values()]).toEqual(Array.from({ length: 100 }, () => 1));
    // And so is the next one, as those that were kept do not hold all processes.
    expect(await sendTogether(client, 1)).toEqual(new Map([["hello", 1]]));
  });
});

test("every request that may be repeated is answered if each answer closes its connection without notice", async () => {
  const answerOnce = async (peer: Peer): Promise<void> => {
    const id = await peer.request();
    peer.answer(id, hello);
    peer.close();
  };
  const accept = async (): Promise<void> => {
    for (;;) void answerOnce(await application.accept()).catch(() => {});
  };
  void accept();
  const client = connect();
  const answers = Array.from({ length: 100 }, async () => (await client.request(get)).text());
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["hello"]));
});

test("a slow handler occasionally costs a kept connection, and no request", async () => {
  const client = connect({ timeouts: { idle: 600_000 } });
  const slow = client.request(get);
  const peer = await application.accept();
  const id = await peer.request();
  const quick = client.request(get);
  const other = await application.accept();
  other.answer(await other.request(), hello);
  expect(await (await quick).text()).toBe("hello");
  // It might hold the process that the slow one waits for.
  await other.closed();
  const third = client.request(get);
  const fresh = await application.accept();
  fresh.answer(await fresh.request(), hello);
  expect(await (await third).text()).toBe("hello");
  peer.answer(id, hello);
  expect(await (await slow).text()).toBe("hello");
});

describe("the quota of connections that were not accepted", () => {
  test("is returned after a while, one at a time, the oldest first", () => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const unaccepted = new UnacceptedConnections<string>(() => {});
    unaccepted.add("a");
    vi.advanceTimersByTime(50);
    unaccepted.add("b");
    expect(unaccepted.claim()).toBe(false);
    vi.advanceTimersByTime(50);
    expect([unaccepted.claim(), unaccepted.claim()]).toEqual([true, false]);
    vi.advanceTimersByTime(50);
    expect([unaccepted.claim(), unaccepted.claim()]).toEqual([true, false]);
    unaccepted.delete("b");
    vi.advanceTimersByTime(50);
    expect([unaccepted.claim(), unaccepted.claim()]).toEqual([true, false]);
    unaccepted.delete("a");
    vi.advanceTimersByTime(1000);
    expect(unaccepted.claim()).toBe(false);
  });

  test("is checked while a connection is idle, but not forever", () => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    let due = 0;
    const unaccepted = new UnacceptedConnections<string>(() => (due += 1));
    unaccepted.wait();
    expect(vi.getTimerCount()).toBe(0);
    unaccepted.add("a");
    unaccepted.wait();
    unaccepted.wait();
    vi.advanceTimersByTime(1000);
    expect([due, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

describe("the limit of connections", () => {
  test("is the lowest of the configured, announced and observed limits", () => {
    const limit = new ConnectionLimit(16);
    expect(limit.value).toBe(16);
    limit.reported(8);
    expect(limit.value).toBe(8);
    limit.leftWaiting(4);
    expect(limit.value).toBe(4);
    limit.leftWaiting(0);
    expect(limit.value).toBe(1);
    limit.accepted(5);
    expect(limit.value).toBe(5);
    limit.reported(Infinity);
    expect(limit.value).toBe(5);
  });

  test("is probed again after increasing pauses until another connection is accepted", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const limit = new ConnectionLimit(16);
    expect(limit.tries(4)).toBe(false);
    limit.leftWaiting(4);
    expect([limit.tries(3), limit.tries(4), limit.tries(5)]).toEqual([false, false, false]);
    vi.advanceTimersByTime(1000);
    expect([limit.tries(4), limit.tries(4)]).toEqual([true, false]);
    limit.leftWaiting(4);
    vi.advanceTimersByTime(1999);
    expect(limit.tries(4)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(limit.tries(4)).toBe(true);
    limit.accepted(5);
    expect([limit.value, limit.tries(5)]).toEqual([5, true]);
    limit.reported(5);
    vi.advanceTimersByTime(60_000);
    expect(limit.tries(5)).toBe(false);
  });
});
