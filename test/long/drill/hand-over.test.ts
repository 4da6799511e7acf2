// What becomes of each state of a connection in a reload, byte by byte: one old worker, one new one, no Web server between.
import { inject, describe, expect, onTestFinished, test } from "vitest";

import { get } from "../../support/records.js";
import { temporaryFolder } from "../../support/served.js";
import { WebServerPeer } from "../../support/web-server-peer.js";
import { RunningTarget } from "./running-target.js";
import { tricorn } from "./targets/tricorn.js";

async function start(over: "unix" | "tcp"): Promise<RunningTarget> {
  const programs = inject("compiledPrograms");
  const target = await RunningTarget.start(tricorn, {
    folder: temporaryFolder(),
    workers: 1,
    over,
    programs,
  });
  onTestFinished(async () => void (await target.stop()));
  return target;
}

/** A whole request with its query, as Web servers send it. */
function ask(id: number, path: string, query: string): Buffer {
  return get(id, `${path}?${query}`, { params: { QUERY_STRING: query } });
}

/** The number of the release in an answer. */
function releaseIn(text: string): number {
  return Number(/release=(\d+)/.exec(text)?.[1]);
}

/** Which release answers on a connection now. */
async function releaseOn(peer: WebServerPeer, id: number): Promise<number> {
  return releaseIn((await peer.send(ask(id, "/", `id=q${id}`)).answer(id)).text);
}

const whole = ask(1, "/", "id=whole");
const slow = ask(1, "/slow", "id=slow&ms=1500");

describe.each(["unix", "tcp"] as const)("a reload over %s", (over) => {
  test("hands idle, fresh and half-begun connections over, and lets active requests finish where they are", async () => {
    const target = await start(over);
    const connect = (): Promise<WebServerPeer> => WebServerPeer.connect(target.place.address);
    const [idle, fresh, inHeader, inBegin, inParams, active, multiplexed] = await Promise.all(
      Array.from({ length: 7 }, connect),
    );
    expect(await releaseOn(idle!, 1)).toBe(1);
    inHeader!.send(whole.subarray(0, 5));
    inBegin!.send(whole.subarray(0, 12));
    inParams!.send(whole.subarray(0, 40));
    active!.send(slow);
    multiplexed!.send(slow);
    // Everything that was sent so far is read.
    await Promise.all([active!, multiplexed!].map((peer) => peer.roundTrip()));
    expect(await releaseOn(idle!, 1)).toBe(1);

    target.releases.deploy();
    await target.reload();
    await expect.poll(() => releaseOn(idle!, 1)).toBe(2);
    const second = multiplexed!.send(ask(2, "/", "id=two")).answer(2);

    expect(await releaseOn(fresh!, 1)).toBe(2);
    inHeader!.send(whole.subarray(5));
    inBegin!.send(whole.subarray(12));
    inParams!.send(whole.subarray(40));
    expect(releaseIn((await inHeader!.answer(1)).text)).toBe(2);
    expect(releaseIn((await inBegin!.answer(1)).text)).toBe(2);
    expect(releaseIn((await inParams!.answer(1)).text)).toBe(1);
    expect(releaseIn((await active!.answer(1)).text)).toBe(1);
    expect(releaseIn((await multiplexed!.answer(1)).text)).toBe(1);
    // It waits for the active one a little, so that the new release answers; then the old one does, rather than to let it wait.
    expect([1, 2]).toContain(releaseIn((await second).text));
    // Their connections have followed.
    for (const peer of [inParams!, active!, multiplexed!]) expect(await releaseOn(peer, 3)).toBe(2);
  });
});
