import { join } from "node:path";
import { FastCgiClient } from "tricorn/client";
import { describe, expect, onTestFinished, test } from "vitest";

import { Server } from "../../src/server/server.js";
import { formatMetrics, type Metrics } from "../../src/supervisor/metrics.js";
import { Observations } from "../../src/supervisor/observations.js";
import { ping, type Ping } from "../../src/supervisor/ping.js";
import type { ObservedStatus } from "../../src/supervisor/observed-status.js";
import type { WorkerReport, WorkerStatistics } from "../../src/supervisor/reports.js";
import { formatStatus, isAlive, publicStatus, type Status } from "../../src/supervisor/status.js";
import { StatusApplication } from "../../src/supervisor/status-application.js";
import { capturedLog, temporaryFolder } from "../support/served.js";

const statistics: WorkerStatistics = {
  rss: 64 * 1024 * 1024,
  requests: 1234,
  refusals: 2,
  connections: 3,
  activeCount: 1,
  active: [{ role: "responder", method: "GET", path: "/books/7", age: 3_200 }],
};
const start = Date.UTC(2026, 10, 30, 12);
const worker: WorkerReport = {
  pid: 101,
  slot: 0,
  state: "ready",
  generation: 1,
  startedAt: start,
  statistics,
};
const hung: WorkerReport = { ...worker, pid: 102, slot: 1, statistics: undefined };

const status: Status = {
  lastEnds: [
    {
      at: start + 70_000,
      pid: 99,
      slot: 1,
      generation: 1,
      age: 10_000,
      how: "crashed",
      why: undefined,
      code: null,
      signal: "SIGSEGV",
    },
  ],
  program: "/srv/books/main.js",
  pid: 100,
  startedAt: start,
  at: start + 90_000,
  isStopping: false,
  addresses: ["unix:/run/books/app.sock"],
  workers: [worker, hung, { ...worker, pid: 103, state: "leaving" }],
  wanted: 2,
  lastReloads: [
    { startedAt: start + 60_000, took: 412, generation: 1, replaced: 2, failure: undefined },
    {
      startedAt: start + 80_000,
      took: 90,
      generation: 2,
      replaced: 0,
      failure: { sentence: "connect postgres://ada:s3cret@db\nfailed", details: ["    at main.js:3:1"] },
    },
  ],
};

describe("formatStatus", () => {
  test("has a line for each fact, and a block for each worker", () => {
    expect(formatStatus(status)).toBe(`program:        /srv/books/main.js
pid:            100
state:          serving
address:        unix:/run/books/app.sock
start time:     2026-11-30T12:00:00.000Z
start since:    90 s
workers:        2 ready, 1 leaving
requests:       2468
refusals:       4
connections:    6
active:         2
routes:         not counted; tricorn serve --status-listen counts them, with their time
reload:         2026-11-30T12:01:00.000Z, 0.4 s, generation 1, 2 replaced, ok
reload:         2026-11-30T12:01:20.000Z, 0.1 s, generation 2, 0 replaced, failed: connect postgres://ada:s3cret@db failed
ended:          2026-11-30T12:01:10.000Z, pid 99, slot 1, after 10.0 s, crashed, SIGSEGV

****************
pid:            101
slot:           0
state:          ready
generation:     1
start time:     2026-11-30T12:00:00.000Z
start since:    90 s
memory:         64 MiB
requests:       1234
refusals:       2
connections:    3
active:         1
                3.2 s responder GET /books/7

****************
pid:            102
slot:           1
state:          ready
generation:     1
start time:     2026-11-30T12:00:00.000Z
start since:    90 s
statistics:     it does not answer

****************
pid:            103
slot:           0
state:          leaving
generation:     1
start time:     2026-11-30T12:00:00.000Z
start since:    90 s
memory:         64 MiB
requests:       1234
refusals:       2
connections:    3
active:         1
                3.2 s responder GET /books/7
`);
  });

  test.each<[Partial<Status>, string]>([
    [{ drainEndsAt: start + 96_500 }, "draining, stops in 7 s"],
    [{ drainEndsAt: start + 89_000 }, "draining, stops in 0 s"],
    [{ drainEndsAt: start + 96_500, isStopping: true }, "stopping"],
  ])("says of %j that it is %s", (change, state) => {
    expect(formatStatus({ ...status, ...change })).toContain(`\nstate:          ${state}\n`);
  });

  test("lists at most a hundred requests of a worker, each as one line", () => {
    const active = Array.from({ length: 130 }, () => ({
      role: "responder",
      method: "GET",
      path: "/\x1b[2J\r\nstate: forged\u2028x",
      age: 0,
    }));
    const text = formatStatus({
      ...status,
      workers: [{ ...worker, statistics: { ...statistics, activeCount: 130, active } }],
    });
    const listed = text.split("\n").filter((line) => line.startsWith("                "));
    expect(listed).toHaveLength(101);
    expect(listed[0]).toBe("                0.0 s responder GET / [2J state: forged x");
    expect(listed.at(-1)).toBe("                and 30 more");
  });
});

test("formatStatus shows what was counted of requests", () => {
  const route = {
    role: "responder",
    route: "GET /books/:id",
    requests: 1_200,
    failed: 3,
    p50: 1.23,
    p99: 45.6,
  };
  const observed: ObservedStatus = {
    totals: {
      requests: 1_234,
      failed: 12,
      aborted: 3,
      refused: 4,
      allowed: 20,
      denied: 5,
      protocolErrors: 2,
      bytesIn: 1_572_864,
      bytesOut: 0,
    },
    refusals: { ERR_LIMIT_BODY: 3, ERR_ABORTED_TIMEOUT: 1 },
    lastMinute: { seconds: 60, requests: 600, failed: 6, refused: 0, p50: 1.2, p99: 45, lag: 12 },
    history: [],
    routes: [route, ...Array.from({ length: 20 }, () => ({ ...route, route: "" }))],
    slow: [
      {
        id: "a",
        worker: 101,
        role: "responder",
        method: "GET",
        path: "/books/7\u001b[2J",
        startedAt: start,
        duration: 3_210,
        status: 200,
        standsAt: "src/books.ts:12:20",
      },
    ],
  };
  const active = [
    { role: "responder", method: "GET", path: "/wait", age: 9_000, standsAt: "src/wait.ts:3:5" },
  ];
  const text = formatStatus({
    ...status,
    observed,
    workers: [{ ...worker, statistics: { ...statistics, active } }],
  });
  expect(text).toContain(`
last minute:    600 answered, p50 1.2 ms, p99 45 ms, event-loop delay 12 ms at most
answered:       1234, 10.0/s
failed:         12, 0.1/s
aborted:        3
refused:        4, 0.0/s, ERR_LIMIT_BODY 3, ERR_ABORTED_TIMEOUT 1
decisions:      20 allowed, 5 denied
violations:     2 of the protocol
bytes:          1.5 MiB in, 0.0 MiB out
routes:           requests    failed    p50 ms    p99 ms
                      1200         3       1.2        46  responder GET /books/:id
                      1200         3       1.2        46  responder without a route
`);
  expect(text).toContain(`
                and 1 more
slow:           3.2 s responder GET /books/7 [2J 200, pid 101, 2026-11-30T12:00:00.000Z, at src/books.ts:12:20
`);
  expect(text).toContain("\n                9.0 s responder GET /wait, at src/wait.ts:3:5\n");
});

test("publicStatus hides why reloads failed", () => {
  const shown = JSON.stringify(publicStatus(status));
  expect(shown).not.toContain("s3cret");
  expect(shown).not.toContain("main.js:3:1");
  expect(shown).toContain("the log says why");
});

test.each([
  ["of none", [], false],
  ["that has answered", [worker], true],
  ["that has answered, beside one that hangs", [hung, worker], true],
  ["that hang", [hung, hung], false],
  [
    "that leaves or starts",
    [
      { ...worker, state: "leaving" },
      { ...hung, state: "starting" },
    ],
    false,
  ],
] as const)("isAlive judges workers %s", (_, workers, alive) => {
  expect(isAlive(workers as readonly WorkerReport[])).toBe(alive);
});

test("formatStatus says how many workers are missing", () => {
  const of = (workers: readonly WorkerReport[]): string | undefined =>
    /^workers: +(.*)$/m.exec(formatStatus({ ...status, workers }))?.[1];
  expect(
    of([
      { ...worker, state: "ready" },
      { ...worker, state: "starting" },
    ]),
  ).toBe("1 of 2 ready, 1 starting");
  expect(of([])).toBe("0 of 2 ready");
});

describe("StatusApplication", () => {
  async function serve(snapshot: () => Promise<Status>): Promise<FastCgiClient> {
    const { log } = capturedLog();
    const asked = async (): Promise<Ping> => {
      const { workers, isStopping, drainEndsAt } = await snapshot();
      return ping({ answers: () => Promise.resolve(isAlive(workers)), isStopping, drainEndsAt });
    };
    const metrics = async (): Promise<Metrics> => formatMetrics(await snapshot(), new Observations());
    const server = new Server(new StatusApplication({ status: snapshot, ping: asked, metrics }, log), {
      log,
    });
    const address = join(temporaryFolder(), "status.sock");
    await server.listen(address);
    const client = new FastCgiClient({ address });
    onTestFinished(async () => {
      await client.close();
      await server.close();
    });
    return client;
  }

  const request = (path: string, query = "", method = "GET") => ({
    params: { REQUEST_METHOD: method, SCRIPT_NAME: path, QUERY_STRING: query },
  });

  test.each<[string, Partial<Status>, number, string]>([
    ["while a worker answers", { workers: [worker, hung] }, 200, "pong\n"],
    ["if none answers", { workers: [hung] }, 503, "no worker answers\n"],
    ["while the master drains", { drainEndsAt: start + 95_000 }, 503, "draining\n"],
    ["while it stops", { isStopping: true }, 503, "stopping\n"],
  ])("answers a ping %s", async (_when, change, code, text) => {
    const client = await serve(() => Promise.resolve({ ...status, ...change }));
    const answer = await client.request(request("/ping"));
    expect([answer.status, await answer.text()]).toEqual([code, text]);
  });

  test("shows the status as text, and as JSON if the query says so", async () => {
    const client = await serve(() => Promise.resolve(status));
    const text = await client.request(request("/fpm/status"));
    expect([text.status, text.headers.get("content-type"), text.headers.get("cache-control")]).toEqual([
      200,
      "text/plain; charset=utf-8",
      "no-store",
    ]);
    expect(await text.text()).toBe(formatStatus(publicStatus(status)));
    const json = await client.request(request("/status", "json"));
    expect(json.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(await json.text())).toEqual(JSON.parse(JSON.stringify(publicStatus(status))));
  });

  test.each([
    ["GET", "/", 404],
    ["GET", "/statu", 404],
    ["POST", "/status", 405],
  ])("answers %s %s with %i", async (method, path, code) => {
    const client = await serve(() => Promise.reject(new Error("It must not be asked")));
    const answer = await client.request(request(path, "", method));
    expect(answer.status).toBe(code);
    await answer.text();
  });

  test("sends no body to HEAD, but its length", async () => {
    const client = await serve(() => Promise.resolve(status));
    const answer = await client.request(request("/ping", "", "HEAD"));
    expect([answer.headers.get("content-length"), await answer.text()]).toEqual(["5", ""]);
  });

  test("answers 500 without a reason if the status cannot be made", async () => {
    const client = await serve(() => Promise.reject(new Error("s3cret")));
    const answer = await client.request(request("/status"));
    expect([answer.status, await answer.text()]).toEqual([500, "500\n"]);
  });

  test("denies in the authorizer role, which it does not play", async () => {
    const client = await serve(() => Promise.resolve(status));
    const answer = await client.request({ ...request("/status"), role: 2, raw: true });
    expect(await answer.text()).toContain("Status: 500\r\n");
    expect((await answer.ended).protocolStatus).toBe(3);
  });
});
