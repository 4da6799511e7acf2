import { describe, expect, test } from "vitest";

import type { Sample } from "./ask.js";
import { CANARY } from "./contract.js";
import {
  allNewAt,
  failedBesideKills,
  failuresOf,
  leaksOf,
  longestGap,
  missingReleases,
  oldAfterAllNew,
  percentile,
  sharesOf,
  timesNear,
  timesToReplace,
  type Moment,
} from "./figures.js";
import { errorLinesOf } from "./front.js";
import { requestKinds, type Judgement } from "./request-kinds.js";

/** A request that began at a time and took 10 ms. */
function sample(begun: number, judgement: Judgement, more: Partial<Sample> = {}): Sample {
  return { kind: "get", due: begun, begun, ended: begun + 10, judgement, ...more };
}

const by = (pid: number, release = 1): Judgement => ({ isGood: true, pid, release });
const bad = (why: string): Judgement => ({ isGood: false, why });
const reload = (at: number, release: number): Moment => ({ kind: "reload", at, release });

describe("answers of old releases", () => {
  const samples = [
    sample(0, by(1)),
    sample(110, by(11, 2)),
    sample(120, by(1)),
    sample(130, by(12, 2)),
    sample(150, by(1)),
    sample(300, by(21, 3)),
  ];

  test("count if they began after each worker had answered by the new one", () => {
    expect(allNewAt(samples, { release: 2, workers: 2, after: 100 })).toBe(140);
    expect(oldAfterAllNew(samples, [reload(100, 2)], 2)).toBe(2);
  });

  test("do not count after the next reload has begun, or before all workers are new", () => {
    expect(oldAfterAllNew(samples, [reload(100, 2), reload(290, 3)], 2)).toBe(1);
    expect(allNewAt(samples, { release: 2, workers: 3, after: 100 })).toBeUndefined();
    expect(oldAfterAllNew(samples, [reload(100, 2)], 3)).toBe(0);
  });

  test("show which releases never answered", () => {
    expect(missingReleases(samples, [reload(100, 2), reload(200, 4)])).toEqual([4]);
  });
});

describe("kills", () => {
  const moments: Moment[] = [
    { kind: "kill", at: 1_000, pid: 1 },
    { kind: "kill", at: 2_000, pid: 2 },
  ];

  test("excuse the requests that were active at one", () => {
    const during = sample(900, bad("http-502"), { ended: 1_020 });
    const beside = sample(1_501, bad("http-502"), { ended: 1_520 });
    expect(failedBesideKills([during, beside], moments.slice(0, 1))).toBe(1);
  });

  test("show after which time another process answered, each process once", () => {
    const samples = [sample(0, by(1)), sample(5, by(2)), sample(1_290, by(3)), sample(1_900, by(2))];
    expect(timesToReplace(samples, moments)).toEqual([300, undefined]);
    expect(timesToReplace([...samples, sample(2_090, by(4))], moments)).toEqual([300, 100]);
  });
});

test("times near moments and the longest gap exclude what is far from them", () => {
  const samples = [
    sample(0, by(1)),
    sample(900, by(1)),
    sample(1_010, by(1), { ended: 1_200 }),
    sample(1_900, by(1), { ended: 1_930 }),
    sample(5_000, by(1), { ended: 5_500 }),
  ];
  const moments = [reload(1_000, 2)];
  expect(timesNear(samples, moments, { moment: "reload", request: "get" })).toEqual([30, 190]);
  expect(longestGap(samples, moments, "reload")).toBe(3_570);
  expect(longestGap(samples.slice(0, 4), moments, "reload")).toBe(730);
  expect([percentile([1, 2, 3], 50), percentile([], 99)]).toEqual([2, undefined]);
});

test("failures count by kind and reason, leaks among them, and processes by their share", () => {
  const samples = [sample(0, by(1)), sample(1, by(2)), sample(2, by(1)), sample(3, bad("LEAK: http-200"))];
  expect(failuresOf(samples)).toEqual({ "get LEAK: http-200": 1 });
  expect(leaksOf(samples)).toBe(1);
  expect(sharesOf(samples)).toEqual([2 / 3, 1 / 3]);
});

describe("an answer", () => {
  test.each([
    [200, "release=2 pid=7 id=r1\n", { isGood: true, release: 2, pid: 7 }],
    [502, "<html>", bad("http-502")],
    [200, "release=2 pid=7 id=r2\n", bad("answer to another request")],
    [200, "release=2 pid=7 id=r1\nmore", bad("wrong")],
    [200, "", bad("wrong")],
  ])("of status %i with %j is judged", (status, text, judgement) => {
    expect(requestKinds.get.judge({ status, text }, "r1")).toEqual(judgement);
  });

  test("that is streamed must be complete", () => {
    const whole = "release=2 pid=7 id=r1\nline 1 r1\nline 2 r1\nline 3 r1\nline 4 r1\nend r1\n";
    const { judge } = requestKinds.stream;
    expect(judge({ status: 200, text: whole }, "r1")).toMatchObject({ isGood: true });
    expect(judge({ status: 200, text: whole.slice(0, -8) }, "r1")).toEqual(bad("truncated"));
  });

  test.each([
    [200, "", "LEAK: http-200"],
    [403, CANARY, "LEAK: the canary"],
    [500, "", "http-500"],
  ])("to a request without a password is bad: status %i with %j", (status, text, why) => {
    expect(requestKinds.denied.judge({ status, text }, "r1")).toEqual(bad(why));
  });

  test("to a request without a password is good if it is a denial", () => {
    expect(requestKinds.denied.judge({ status: 401, text: "" }, "r1")).toEqual({ isGood: true });
  });

  test("that is not filtered leaks", () => {
    expect(requestKinds.filtered.judge({ status: 200, text: CANARY }, "r1")).toEqual(bad("LEAK: the canary"));
  });
});

test("lines of nginx's error log count from the level error, without client and connection", () => {
  const line = (level: string): string =>
    `2026/01/01 00:00:00 [${level}] 7#7: *3 recv() failed, client: 127.0.0.1, server: , request: "GET / HTTP/1.1"`;
  expect(errorLinesOf([line("info"), line("error"), line("error"), line("crit")].join("\n"))).toEqual({
    "recv() failed": 3,
  });
});
