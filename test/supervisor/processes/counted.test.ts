// What is shown of requests against what a Web server has counted, over reloads, recycled workers and their ends.
import { join } from "node:path";
import { FastCgiClient } from "tricorn/client";
import { expect, onTestFinished, test } from "vitest";

import type { ObservedStatus, ObservedTotals } from "../../../src/supervisor/observed-status.js";
import * as wire from "../../support/records.js";
import { askScgi, headers, netstring, scgiRequest } from "../../support/scgi-peer.js";
import { temporaryFolder } from "../../support/served.js";
import { WebServerPeer } from "../../support/web-server-peer.js";
import { readExposition, type Exposition } from "../exposition.js";
import { SupervisedProgram } from "../supervised-program.js";
import { Operated, type OperatedOptions } from "../operated.js";

const { Type, abort, authorize, begin, filter, get, params, post, record, stdin, variablesOf } = wire;

/** A program under a master with a status page. */
class Shown {
  readonly operated: Operated;
  readonly #client: FastCgiClient;

  private constructor(operated: Operated, address: string) {
    this.operated = operated;
    this.#client = new FastCgiClient({ address });
    onTestFinished(() => this.#client.close());
  }

  static async start({ args = [], ...options }: OperatedOptions = {}): Promise<Shown> {
    const operated = new Operated({
      program: "counted",
      ...options,
      args: ["--status-listen", "unix:status.sock", ...args],
    });
    const address = join(operated.folder, "status.sock");
    await operated.ready();
    return new Shown(operated, address);
  }

  async page(
    path: string,
    query = "",
  ): Promise<{ readonly type: string | undefined; readonly text: string }> {
    const answer = await this.#client.request({
      params: { REQUEST_METHOD: "GET", SCRIPT_NAME: path, QUERY_STRING: query },
    });
    expect(answer.status).toBe(200);
    return { type: answer.headers.get("content-type"), text: await answer.text() };
  }

  async observed(): Promise<ObservedStatus> {
    return observedIn((await this.page("/status", "json")).text);
  }

  async metrics(): Promise<Exposition> {
    const { type, text } = await this.page("/metrics");
    expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
    return readExposition(text);
  }

  /** The lines of the access log. */
  get logged(): readonly Readonly<Record<string, string | number>>[] {
    return this.operated.master.errors
      .filter((line) => line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line) as Record<string, string | number>);
  }

  /** Sends one request on a connection of its own; resolves when its answer has ended. */
  async ask(...bytes: readonly Uint8Array[]): Promise<number> {
    const peer = await this.operated.connect();
    const { status } = await peer.send(...bytes).answer(1);
    peer.destroy();
    return status;
  }
}

/** What a status page says of requests. */
async function observedAt(address: string): Promise<ObservedStatus> {
  const client = new FastCgiClient({ address });
  const params = { REQUEST_METHOD: "GET", SCRIPT_NAME: "/status", QUERY_STRING: "json" };
  const text = await (await client.request({ params })).text();
  await client.close();
  return observedIn(text);
}

function observedIn(json: string): ObservedStatus {
  return (JSON.parse(json) as { observed: ObservedStatus }).observed;
}

/** What one kind of request is to be counted as. */
interface Kind {
  readonly send: (
    shown: Shown,
    addresses: { readonly scgi: string; readonly tcp: string },
  ) => Promise<unknown>;
  /** Its role, its route and its status; undefined if it is no request. */
  readonly series: readonly [role: string, route: string, status: string] | undefined;
  readonly isFailed?: boolean;
  readonly isAborted?: boolean;
  readonly refusal?: string;
  readonly decision?: readonly [authorizer: string, decision: "allow" | "deny"];
  readonly protocolError?: string;
}

const malformed = Buffer.concat([
  begin(1),
  record(Type.params, 1, Buffer.from([0x80])),
  record(Type.params, 1),
]);
const allowed = { params: { HTTP_AUTHORIZATION: "Bearer s" } };
const begun = (target: string) => Buffer.concat([begin(1), params(1, variablesOf(target)), stdin(1)]);
let number = 0;

const kinds: readonly Kind[] = [
  {
    send: (shown) => shown.ask(get(1, `/ok/${(number += 1)}`)),
    series: ["responder", "GET /ok/:number", "200"],
  },
  { send: (shown) => shown.ask(get(1, `/none/${(number += 1)}`)), series: ["responder", "", "404"] },
  { send: (shown) => shown.ask(get(1, "/fail")), series: ["responder", "GET /fail", "500"], isFailed: true },
  { send: (shown) => shown.ask(post(1, "/echo", "hello")), series: ["responder", "POST /echo", "200"] },
  {
    send: (shown) => shown.ask(post(1, "/echo", "x".repeat(65))),
    series: ["responder", "POST /echo", "413"],
    refusal: "ERR_LIMIT_BODY",
  },
  {
    send: (shown) => shown.ask(get(1, `/${"x".repeat(1_000)}`)),
    series: ["responder", "", "431"],
    refusal: "ERR_LIMIT_PARAMS",
  },
  {
    send: (shown) => shown.ask(malformed),
    series: ["responder", "", "400"],
    refusal: "ERR_FCGI_NAME_VALUE",
    protocolError: "ERR_FCGI_NAME_VALUE",
  },
  {
    send: (shown) => shown.ask(begin(1, 77 + (number += 1)), params(1, {}), stdin(1)),
    series: ["unknown", "", "none"],
    refusal: "ERR_UNKNOWN_ROLE",
    isFailed: true,
  },
  {
    send: (shown) => shown.ask(authorize(1, "/members/")),
    series: ["authorizer", "Members", "403"],
    decision: ["Members", "deny"],
  },
  {
    send: (shown) => shown.ask(authorize(1, "/members/", allowed)),
    series: ["authorizer", "Members", "200"],
    decision: ["Members", "allow"],
  },
  {
    send: (shown) => shown.ask(authorize(1, "/elsewhere")),
    series: ["authorizer", "", "403"],
    decision: ["", "deny"],
  },
  {
    send: (shown) => shown.ask(filter(1, "/a.txt", "one\ntwo\n")),
    series: ["filter", "Numbered", "200"],
  },
  { send: (shown) => shown.ask(begin(1, 9), params(1, {}), stdin(1)), series: ["role 9", "", "none"] },
  {
    send: (shown) => shown.ask(get(1, "/late")),
    series: ["responder", "GET /late", "504"],
    refusal: "ERR_ABORTED_TIMEOUT",
    isFailed: true,
  },
  {
    send: (shown) => shown.ask(begun("/late"), abort(1)),
    series: ["responder", "GET /late", "none"],
    isAborted: true,
  },
  {
    // Lost in the middle of its answer.
    send: async (_shown, { tcp }) => {
      const peer = await WebServerPeer.connect(tcp);
      await peer.send(get(1, "/stream")).record();
      peer.reset();
    },
    series: ["responder", "GET /stream", "200"],
    isAborted: true,
  },
  {
    send: async ({ operated }) => {
      const peer = await operated.connect();
      await peer.send(get(1, "/broken")).closedByApplication();
      peer.destroy();
    },
    series: ["responder", "GET /broken", "200"],
    isFailed: true,
  },
  {
    send: async ({ operated }) => {
      const peer = await operated.connect();
      await peer
        .send(Buffer.from([2, 1, 0, 1, 0, 0, 0, 0]))
        .end()
        .closed();
    },
    series: undefined,
    protocolError: "ERR_FCGI_VERSION",
  },
  {
    send: (_shown, { scgi }) => askScgi(scgi, scgiRequest("/ok/1")),
    series: ["responder", "GET /ok/:number", "200"],
  },
  {
    send: (_shown, { scgi }) => askScgi(scgi, netstring(headers([["SCGI", "1"]]))),
    series: ["responder", "", "400"],
    refusal: "ERR_SCGI_HEADERS",
    protocolError: "ERR_SCGI_HEADERS",
  },
];

function countBy<T>(list: readonly T[], keyOf: (one: T) => string | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of list) {
    const key = keyOf(one);
    if (key !== undefined) counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** The values of the lines of one metric, by its labels. */
function metric(exposition: Exposition, name: string): Record<string, number> {
  const found = [...exposition].filter(([key]) => key === name || key.startsWith(`${name}{`));
  return Object.fromEntries(found.map(([key, value]) => [key.slice(name.length), value]));
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, one) => total + one, 0);
}

test("status, metrics and log agree with hundreds of counted requests, over reloads and recycled workers", async () => {
  const shown = await Shown.start({
    env: { ACCESS_LOG: "yes" },
    args: ["--listen", "scgi:unix:scgi.sock", "--listen", "127.0.0.1:0", "--recycle-requests", "40"],
  });
  const { operated } = shown;
  const [, tcp = ""] = await operated.master.line(/"msg":"Supervising .* (127\.0\.0\.1:\d+)"/);
  const addresses = { scgi: join(operated.folder, "scgi.sock"), tcp };
  const sent: Kind[] = [];
  const rounds = 30;
  for (let round = 0; round < rounds; round += 1) {
    const reload = round % 10 === 5 ? operated.tricorn("reload") : undefined;
    await Promise.all(
      kinds.map(async (kind) => {
        await kind.send(shown, addresses);
        sent.push(kind);
      }),
    );
    if (reload !== undefined) expect((await reload).out).toMatch(/^Reloaded 2 workers/);
  }
  const requests = sent.filter(({ series }) => series !== undefined);
  expect(requests).toHaveLength(rounds * 19);
  // Those of lost connections may end later than their peers have left.
  await expect.poll(async () => (await shown.observed()).totals.requests).toBe(requests.length);

  const observed = await shown.observed();
  const refusals = countBy(sent, ({ refusal }) => refusal);
  const bytes = (name: string): number => sum(shown.logged.map((line) => Number(line[name])));
  await expect.poll(() => shown.logged).toHaveLength(requests.length);
  const totals: ObservedTotals = {
    requests: requests.length,
    failed: sent.filter(({ isFailed }) => isFailed).length,
    aborted: sent.filter(({ isAborted }) => isAborted).length,
    refused: sum(Object.values(refusals)),
    allowed: rounds,
    denied: 2 * rounds,
    protocolErrors: 3 * rounds,
    bytesIn: bytes("bytesIn"),
    bytesOut: bytes("bytesOut"),
  };
  expect(observed.totals).toEqual(totals);
  expect(totals.bytesIn).toBeGreaterThan(rounds * 5);
  expect(totals.bytesOut).toBeGreaterThan(rounds * 100);
  expect(observed.refusals).toEqual(refusals);
  const byRoute = countBy(requests, ({ series }) => series!.slice(0, 2).join("|"));
  expect(
    Object.fromEntries(observed.routes.map((one) => [`${one.role}|${one.route}`, one.requests])),
  ).toEqual(byRoute);
  expect(sum(observed.routes.map(({ failed }) => failed))).toBe(totals.failed);
  expect(observed.slow).toHaveLength(20);
  // Which ones took longest is the machine's affair, but the log knows it too.
  const byTime = shown.logged.toSorted((one, other) => Number(other["ms"]) - Number(one["ms"]));
  const slow = observed.slow.map(({ id }) => shown.logged.find((line) => line["id"] === id));
  expect(slow.map((line) => line?.["route"])).toEqual(observed.slow.map(({ route }) => route));
  expect(slow.map((line) => Number(line?.["ms"])).toSorted((one, other) => other - one)).toEqual(
    byTime.slice(0, 20).map((line) => line["ms"]),
  );

  const exposition = await shown.metrics();
  expect(metric(exposition, "tricorn_requests_total")).toEqual(
    countBy(requests, ({ series: [role, route, status] = ["", "", ""] }) => {
      return `{role="${role}",route="${route}",status="${status}"}`;
    }),
  );
  const labelsOf = ({ series: [role, route] = ["", "", ""] }: Kind): string =>
    `role="${role}",route="${route}"`;
  const name = "tricorn_request_duration_seconds";
  expect(metric(exposition, `${name}_count`)).toEqual(countBy(requests, (kind) => `{${labelsOf(kind)}}`));
  const buckets = metric(exposition, `${name}_bucket`);
  for (const [labels, count] of Object.entries(metric(exposition, `${name}_count`))) {
    expect(buckets[`{le="+Inf",${labels.slice(1)}`] ?? buckets[`${labels.slice(0, -1)},le="+Inf"}`]).toBe(
      count,
    );
  }
  expect(metric(exposition, "tricorn_decisions_total")).toEqual({
    '{authorizer="Members",decision="allow"}': rounds,
    '{authorizer="Members",decision="deny"}': rounds,
    '{authorizer="",decision="allow"}': 0,
    '{authorizer="",decision="deny"}': rounds,
  });
  expect(metric(exposition, "tricorn_requests_aborted_total")).toEqual({ "": totals.aborted });
  const byCode = (counts: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(counts).map(([code, count]) => [`{code="${code}"}`, count]));
  expect(metric(exposition, "tricorn_requests_refused_total")).toEqual(byCode(refusals));
  expect(metric(exposition, "tricorn_protocol_errors_total")).toEqual(
    byCode(countBy(sent, ({ protocolError }) => protocolError)),
  );
  expect(metric(exposition, "tricorn_received_bytes_total")).toEqual({ "": totals.bytesIn });
  expect(metric(exposition, "tricorn_sent_bytes_total")).toEqual({ "": totals.bytesOut });
  expect(metric(exposition, "tricorn_requests_active")).toEqual({ "": 0 });
  expect(metric(exposition, "tricorn_reloads_total")).toEqual({
    '{outcome="ok"}': 3,
    '{outcome="failed"}': 0,
  });

  expect(
    countBy(shown.logged, ({ role, route = "", status = "none", refused }) =>
      [refused === "ERR_UNKNOWN_ROLE" ? "unknown" : role, route, status].join("|"),
    ),
  ).toEqual(countBy(requests, ({ series }) => series!.join("|")));
  expect(countBy(shown.logged, ({ refused }) => refused as string | undefined)).toEqual(refusals);
  // A point ends every 2 s.
  await expect
    .poll(async () => sum((await shown.observed()).history.map((point) => point.requests)))
    .toBe(requests.length);
  const { history, lastMinute } = await shown.observed();
  expect(sum(history.map(({ failed }) => failed))).toBe(totals.failed);
  expect(sum(history.map(({ refused }) => refused))).toBe(totals.refused);
  expect(lastMinute.requests).toBeLessThanOrEqual(requests.length);
  for (const point of history) {
    expect(point.rss).toBeGreaterThan(1e7);
    expect(point.p99 === null).toBe(point.requests === 0);
  }
  // Workers were recycled besides.
  expect(new Set(shown.logged.map(({ pid }) => pid)).size).toBeGreaterThan(2 * 4);
  await operated.stop();
});

test("what workers have counted stays, however they end", async () => {
  const shown = await Shown.start({ workers: 1 });
  const { operated } = shown;
  const current = async (): Promise<number> => {
    const found = (await operated.workers()).find(({ state }) => state === "ready");
    return found === undefined ? current() : found.pid;
  };
  const ask = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) expect(await shown.ask(get(1, "/ok/1"))).toBe(200);
  };
  await ask(10);
  const first = await current();
  process.kill(first, "SIGTERM");
  await operated.processes.ended(first);
  await ask(5);
  // It exits in the turn in which it has answered the first of the two.
  const second = await current();
  const peer = await operated.connect();
  await peer.send(get(1, "/ok/1"), get(2, "/exit")).closedByApplication();
  await operated.processes.ended(second);
  await ask(2);
  expect((await operated.tricorn("reload", "--wait")).code).toBe(0);
  expect((await shown.observed()).totals).toMatchObject({ requests: 10 + 5 + 1 + 2, failed: 0, aborted: 0 });
});

test("the next master gets what workers have counted without a master", async () => {
  const path = join(temporaryFolder(), "status.sock");
  const args = ["--status-listen", path];
  const program = await SupervisedProgram.start({ args });
  program.master.kill("SIGKILL");
  await expect.poll(() => program.processes.pids).not.toContain(program.master.pid);
  for (let time = 0; time < 7; time += 1) expect(await program.ask()).toMatchObject({ version: 1 });
  await program.startNext({ args });
  await expect.poll(async () => (await observedAt(path)).totals.requests).toBe(7);
  expect((await observedAt(path)).totals.failed).toBe(0);
});

test("nothing is observed without a status listener", async () => {
  const shown = await Shown.start();
  expect(await shown.operated.get("/observed")).toBe("yes");
  const hidden = await Operated.start({ program: "counted" });
  expect(await hidden.get("/observed")).toBe("no");
  const { out } = await hidden.tricorn("status", "--json");
  expect(JSON.parse(out)).not.toHaveProperty("observed");
  expect(out).not.toContain('"lag"');
  expect((await hidden.tricorn("status")).out).toMatch(
    /^routes: +not counted; tricorn serve --status-listen /m,
  );
});
