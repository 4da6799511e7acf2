import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import { FastCgiClient, type ClientRequest } from "../../src/client/index.js";
import type { ExchangeEnd, ExchangeObserver, GatewayObserver, RoleResult } from "../../src/gateway/index.js";
import { http } from "./support/http.js";
import { ScriptedApplication } from "./support/scripted-application.js";
import { openStage } from "./support/stage.js";

/** What an observer has seen of one exchange, in order. */
class SeenExchange implements ExchangeObserver {
  readonly events: unknown[] = [];
  #end!: (end: ExchangeEnd) => void;
  readonly end = new Promise<ExchangeEnd>((resolve) => (this.#end = resolve));

  constructor({ method, url }: IncomingMessage) {
    this.events.push(`${method} ${url}`);
  }

  asked({ role }: ClientRequest): void {
    this.events.push({ role });
  }

  answered(result: RoleResult): void {
    this.events.push(result.kind === "allowed" ? { allowed: Object.fromEntries(result.variables) } : result);
  }

  failed(error: unknown): void {
    this.events.push(error instanceof Error ? error.message : error);
  }

  ended(end: ExchangeEnd): void {
    this.#end(end);
  }
}

class SeenExchanges implements GatewayObserver {
  readonly all: SeenExchange[] = [];

  began(request: IncomingMessage): SeenExchange {
    const exchange = new SeenExchange(request);
    this.all.push(exchange);
    return exchange;
  }
}

const routes = { protect: ["/members/**"], filter: ["*.txt"], respond: ["/api"] };
const files = { "members/card.txt": "card", "plain.html": "plain" };

test("an observer learns of each role that is asked, its answer, and the end", async () => {
  const observe = new SeenExchanges();
  const { url } = await openStage({
    scripts: {
      2: (request) => request.answer("Status: 200 OK\r\nVariable-Auth-User: ada\r\n\r\n"),
      3: (request) => request.answer("Status: 203 Changed\r\n\r\nCARD"),
    },
    files,
    routes,
    gateway: { observe },
  });
  expect((await http(url, "/members/card.txt?a=1")).body).toBe("CARD");
  const [seen] = observe.all;
  expect(await seen!.end).toEqual({ status: 203, complete: true });
  expect(seen!.events).toEqual([
    "GET /members/card.txt?a=1",
    { role: 2 },
    { allowed: { AUTH_USER: "ada" } },
    { role: 3 },
    { kind: "responded", status: 203 },
  ]);
});

test("an observer learns of a denial, of a file, and of a refused path", async () => {
  const observe = new SeenExchanges();
  const { url } = await openStage({
    scripts: { 2: (request) => request.answer("Status: 403 No\r\n\r\n") },
    files,
    routes,
    gateway: { observe },
  });
  await http(url, "/members/card.txt");
  await http(url, "/plain.html");
  await http(url, "/%00");
  for (const { end } of observe.all) await end;
  expect(observe.all.map(({ events }) => events)).toEqual([
    ["GET /members/card.txt", { role: 2 }, { kind: "denied", status: 403 }],
    ["GET /plain.html"],
    ["GET /%00"],
  ]);
  expect(await Promise.all(observe.all.map(({ end }) => end))).toEqual([
    { status: 403, complete: true },
    { status: 200, complete: true },
    { status: 400, complete: true },
  ]);
});

test("an observer learns why there is no answer", async () => {
  const observe = new SeenExchanges();
  const { url } = await openStage({
    scripts: { 2: (request) => request.answer("X: 1\r\n\r\n") },
    files,
    routes,
    gateway: { observe },
  });
  expect((await http(url, "/members/card.txt")).status).toBe(502);
  const [seen] = observe.all;
  expect(await seen!.end).toEqual({ status: 502, complete: true });
  expect(seen!.events).toEqual([
    "GET /members/card.txt",
    { role: 2 },
    "Cannot accept the authorizer's decision: it has no Status",
  ]);
});

test("an observer learns that the HTTP client has left", async () => {
  const observe = new SeenExchanges();
  let arrive!: () => void;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const { url } = await openStage({
    scripts: { 1: () => arrive() },
    routes,
    gateway: { observe },
  });
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write("GET /api HTTP/1.1\r\nHost: a\r\n\r\n");
  await arrived;
  socket.resetAndDestroy();
  const [seen] = observe.all;
  expect(await seen!.end).toEqual({ status: undefined, complete: false });
  await expect.poll(() => seen!.events.at(-1)).toBe("The HTTP client has closed its connection");
});

test("the observers of gateway and client get the same request", async () => {
  const asked: ClientRequest[] = [];
  const begun: ClientRequest[] = [];
  const ignore = (): void => {};
  const application = new ScriptedApplication({ 1: (request) => request.answer("Status: 200 OK\r\n\r\n") });
  onTestFinished(() => application.close());
  const client = new FastCgiClient({
    address: await application.listen(),
    observe: {
      opened: () => ({
        began: (_id, request) => void begun.push(request),
        sent: ignore,
        received: ignore,
        closed: ignore,
      }),
    },
  });
  const { url } = await openStage({
    routes,
    gateway: {
      application: client,
      observe: {
        began: () => ({
          asked: (request) => void asked.push(request),
          answered: ignore,
          failed: ignore,
          ended: ignore,
        }),
      },
    },
  });
  expect((await http(url, "/api")).status).toBe(200);
  await client.close();
  expect(begun).toHaveLength(1);
  expect(begun[0]).toBe(asked[0]);
});
