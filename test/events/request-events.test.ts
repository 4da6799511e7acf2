import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe, channel } from "node:diagnostics_channel";

import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";

import {
  Authorizer,
  Body,
  Get,
  HttpError,
  Post,
  Req,
  Responder,
  allow,
  challenge,
  createApplication,
  createContainer,
  type AuthorizerRequest,
  type RequestEvent,
  type ResponderRequest,
} from "../../src/index.js";
import { testApplication, type TestApplication } from "../../src/testing/index.js";

/** What the tests of this file hear, for as long as one runs. */
function heard(...names: readonly string[]): [name: string, event: RequestEvent][] {
  const events: [string, RequestEvent][] = [];
  for (const name of names) {
    const listen = (event: unknown): void => void events.push([name, event as RequestEvent]);
    subscribe(`tricorn.request.${name}`, listen);
    onTestFinished(() => void unsubscribe(`tricorn.request.${name}`, listen));
  }
  return events;
}

const store = new AsyncLocalStorage<string>();

@Responder("/books")
class Books {
  @Get("/:id")
  show() {
    return "four";
  }

  @Post("/")
  async add(@Body.text() text: string) {
    await Promise.resolve();
    return `${text}${text}`;
  }

  @Get("/fail")
  fail() {
    throw new Error("out of paper");
  }

  @Get("/gone")
  gone() {
    throw new HttpError(410, "gone");
  }

  @Get("/stream")
  async *stream() {
    yield "a";
    await Promise.resolve();
    yield "ä";
  }

  @Get("/observed")
  observed(@Req() { exchange }: ResponderRequest) {
    return exchange.observer === undefined ? "no" : "yes";
  }

  @Get("/store")
  async inStore() {
    await Promise.resolve();
    return store.getStore() ?? "none";
  }
}

@Authorizer({ paths: ["/members/**"], variables: ["AUTH_USER"] })
class Gate {
  authorize({ headers }: AuthorizerRequest) {
    return headers.get("authorization") === "Bearer s" ? allow({ AUTH_USER: "ada" }) : challenge("Bearer");
  }
}

async function open(): Promise<TestApplication> {
  const log = pino({ level: "silent" });
  const application = await testApplication(
    createApplication({ controllers: [Books, Gate], container: createContainer(), log }),
  );
  onTestFinished(() => application.close());
  return application;
}

test("a request is published when it starts and when it ends, as one object", async () => {
  const events = heard("start", "end", "decision", "error");
  const application = await open();
  await application.respond("/books/7?secret=1");
  expect(events.map(([name]) => name)).toEqual(["start", "end"]);
  const [[, started], [, ended]] = events as [[string, RequestEvent], [string, RequestEvent]];
  expect(ended).toBe(started);
  expect(ended).toMatchObject({
    role: "responder",
    method: "GET",
    scheme: "http",
    path: "/books/7",
    route: "GET /books/:id",
    status: 200,
    decision: undefined,
    bytesIn: 0,
    bytesOut: 4,
    aborted: undefined,
    error: undefined,
  });
  expect(ended.duration).toBeGreaterThan(0);
  expect(JSON.stringify(ended)).not.toContain("secret");
});

test("bytes are counted both ways, in a stream too", async () => {
  const events = heard("end");
  const application = await open();
  await application.respond("/books", { body: "hat" });
  await application.respond("/books/stream");
  expect(events.map(([, { bytesIn, bytesOut, status }]) => [bytesIn, bytesOut, status])).toEqual([
    [3, 6, 200],
    [0, 3, 200],
  ]);
});

test("a decision is published, and the status that the Web server gets", async () => {
  const events = heard("decision", "end");
  const application = await open();
  await application.authorize("/members/");
  await application.authorize("/members/", { headers: { Authorization: "Bearer s" } });
  expect(events.map(([name, { role, decision, status }]) => [name, role, decision, status])).toEqual([
    ["decision", "authorizer", "deny", 401],
    ["end", "authorizer", "deny", 401],
    ["decision", "authorizer", "allow", 200],
    ["end", "authorizer", "allow", 200],
  ]);
});

test("the error of a handler is published, and no HttpError of a client", async () => {
  const events = heard("error");
  const application = await open();
  await application.respond("/books/fail");
  await application.respond("/books/gone");
  expect(events).toHaveLength(1);
  expect(events[0]![1].error).toMatchObject({ message: "out of paper" });
});

test("a request without a route ends with its status", async () => {
  const events = heard("end");
  const application = await open();
  await application.respond("/hats");
  expect(events[0]![1]).toMatchObject({ status: 404, route: undefined });
});

test("no two requests have the same id", async () => {
  const events = heard("end");
  const [one, other] = [await open(), await open()];
  for (const application of [one, other]) {
    for (let count = 0; count < 10; count += 1) await application.respond("/books/1");
  }
  expect(new Set(events.map(([, { id }]) => id)).size).toBe(20);
});

test("a handler runs in the stores that are bound to its start", async () => {
  const start = channel("tricorn.request.start");
  start.bindStore(store, (event) => `span of ${(event as RequestEvent).path}`);
  onTestFinished(() => void start.unbindStore(store));
  const application = await open();
  expect((await application.respond("/books/store")).text).toBe("span of /books/store");
  expect(store.getStore()).toBeUndefined();
});

test("the trace of a request is that of its traceparent", async () => {
  const events = heard("end");
  const application = await open();
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await application.respond("/books/1", { headers: { traceparent } });
  await application.respond("/books/1");
  expect(events.map(([, { trace }]) => trace?.traceId)).toEqual([
    "4bf92f3577b34da6a3ce929d0e0e4736",
    undefined,
  ]);
});

test("the scheme of a request is that which the Web server reports", async () => {
  const events = heard("start");
  const application = await open();
  await application.respond("/books/1", { params: { HTTPS: "on" } });
  await application.respond("/books/1", { headers: { "X-Forwarded-Proto": "https" } });
  expect(events.map(([, { scheme }]) => scheme)).toEqual(["https", "http"]);
});

test("nothing is observed without a subscriber", async () => {
  const application = await open();
  expect((await application.respond("/books/observed")).text).toBe("no");
  heard("error");
  expect((await application.respond("/books/observed")).text).toBe("yes");
});

test("the lines of request.log have the id of the request and of its trace", async () => {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => lines.push(line) });
  @Responder()
  class Noisy {
    @Get("/noisy")
    noisy(@Req() request: ResponderRequest) {
      request.log.info("written");
      return "";
    }
  }
  const application = await testApplication(
    createApplication({ controllers: [Noisy], container: createContainer(), log }),
  );
  onTestFinished(() => application.close());
  const events = heard("end");
  await application.respond("/noisy", {
    headers: { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
  });
  const line = lines.find((text) => text.includes("written"));
  expect(JSON.parse(line!)).toMatchObject({
    id: events[0]![1].id,
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    route: "GET /noisy",
  });
});

test("a decision has the authorizer that has denied, or the last one that has allowed", async () => {
  const events = heard("decision");
  const application = await open();
  await application.authorize("/members/");
  await application.authorize("/members/", { headers: { Authorization: "Bearer s" } });
  await application.authorize("/nobody/decides");
  expect(events.map(([, { authorizer, decision }]) => [authorizer, decision])).toEqual([
    ["Gate", "deny"],
    ["Gate", "allow"],
    [undefined, "deny"],
  ]);
});
