import { inspect } from "node:util";

import { describe, expect, test } from "vitest";
import {
  Cookie,
  Filter,
  Header,
  Query,
  Variable,
  createApplication,
  createContainer,
  reply,
  type ControllerClass,
  type FilterRequest,
} from "tricorn";
import { testApplication, type TestAnswer } from "tricorn/testing";

import { folderWith } from "../../support/folders.js";
import { bridged, filtering } from "../support.js";

const cache = { bytes: 1_000_000 };
const files = { "a.txt": "hello" };

/** The differing fields of two clients. */
interface Client {
  readonly headers?: Record<string, string>;
  readonly params?: Record<string, string>;
}
type Clients = readonly [Client, Client];
type Ask = (client: Client, headers?: Record<string, string>) => Promise<TestAnswer>;

const keys: Clients = [{ headers: { "X-Api-Key": "ada" } }, { headers: { "X-Api-Key": "bob" } }];
const oneKey: Clients = [keys[0], {}];
const both = (name: string): Clients => [{ params: { [name]: "ada" } }, { params: { [name]: "bob" } }];
const sessions: Clients = [{ headers: { Cookie: "session=ada" } }, { headers: { Cookie: "session=bob" } }];

/** For replies to requests that say who sends them. */
const PUBLIC = { "Cache-Control": "public, no-cache" };

/** Ways to read one variable. */
const byName: readonly (readonly [string, Clients, (request: FilterRequest) => unknown])[] = [
  ["params.get()", keys, ({ params }) => params.get("HTTP_X_API_KEY")],
  ["params.getAll()", keys, ({ params }) => params.getAll("HTTP_X_API_KEY").join()],
  ["params.getBytes()", keys, ({ params }) => params.getBytes("HTTP_X_API_KEY")?.toString()],
  ["params.has()", oneKey, ({ params }) => params.has("HTTP_X_API_KEY")],
  ["params.beginsWith()", keys, ({ params }) => params.beginsWith("HTTP_X_API_KEY", "a")],
  ["exchange.params", keys, ({ exchange }) => exchange.params.get("HTTP_X_API_KEY")],
  ["headers.get()", keys, ({ headers }) => headers.get("x-api-key")],
  ["headers.has()", oneKey, ({ headers }) => headers.has("X-API-Key")],
  ["cookies", sessions, ({ cookies }) => cookies["session"]],
  ["all cookies", sessions, ({ cookies }) => JSON.stringify(cookies)],
  ["Authorization", both("HTTP_AUTHORIZATION"), ({ headers }) => headers.get("authorization")],
  ["user", both("MEMBER"), ({ user }) => user],
  [
    "remoteAddress",
    [{ params: { REMOTE_ADDR: "192.0.2.1" } }, { params: { REMOTE_ADDR: "192.0.2.2" } }],
    ({ remoteAddress }) => remoteAddress,
  ],
  [
    "query",
    [{ params: { QUERY_STRING: "q=a" } }, { params: { QUERY_STRING: "q=b" } }],
    ({ query }) => query.get("q"),
  ],
  ["host", [{ headers: { Host: "a.example" } }, { headers: { Host: "b.example" } }], ({ host }) => host],
  ["url", [{ params: { HTTPS: "on" } }, {}], ({ url }) => String(url)],
  ["scheme", [{ params: { REQUEST_SCHEME: "https" } }, {}], ({ scheme }) => scheme],
  ["the media type of a body", both("CONTENT_TYPE"), ({ headers }) => headers.get("content-type")],
  [
    "notModified()",
    [{ headers: { "If-None-Match": '"v1"' } }, {}],
    (request) => request.notModified({ etag: '"v1"' }),
  ],
  ...[
    "HTTP_PROXY_AUTHORIZATION",
    "SSL_CLIENT_VERIFY",
    "SSL_CLIENT_CERT",
    "REDIRECT_REMOTE_USER",
    "REMOTE_PORT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_USER_AGENT",
    "SERVER_PROTOCOL",
    "X".repeat(128),
  ].map((name) => [name, both(name), ({ params }: FilterRequest) => params.get(name)] as const),
];

/** Ways to read all of them at once. */
const byAll: readonly (readonly [string, Clients, (request: FilterRequest) => unknown])[] = [
  ["params.toObject()", keys, ({ params }) => params.toObject()["HTTP_X_API_KEY"]],
  ["iteration of params", keys, ({ params }) => [...params].join()],
  ["params.size", [{ headers: { "X-A": "1", "X-B": "2", "X-C": "3" } }, {}], ({ params }) => params.size],
  ["params.bytes", keys, ({ params }) => params.bytes.toString("latin1")],
  ["params.bytesOf()", keys, ({ params }) => params.bytesOf("HTTP_").join()],
  [
    "params.measure()",
    [{ headers: { "X-Api-Key": "a".repeat(999) } }, {}],
    ({ params }) => params.measure().longestValue,
  ],
  ["params.with()", keys, ({ params }) => params.with([], { without: new Set() }).get("HTTP_X_API_KEY")],
  ["params in JSON", oneKey, ({ params }) => JSON.stringify(params)],
  ["inspected params", oneKey, ({ params }) => inspect(params)],
  ["an inspected exchange", oneKey, ({ exchange }) => /Params\(.*?\]/s.exec(inspect(exchange))?.[0]],
  ["headers.toObject()", keys, ({ headers }) => headers.toObject()["x-api-key"]],
  ["iteration of headers", keys, ({ headers }) => [...headers].join()],
  ["a name that is very long", both("X".repeat(129)), ({ params }) => params.get("X".repeat(129))],
  [
    "too many names",
    both("N40"),
    ({ params }) => Array.from({ length: 41 }, (_, n) => params.get(`N${n}`)).join(),
  ],
];

/** Properties that are the same for all clients of one address, so no other copy is at stake. */
const byAddress: ReadonlySet<string> = new Set(["query", "host", "url", "scheme", "notModified()"]);

async function asking(
  read: (request: FilterRequest) => unknown,
  { streamed = false, late = false, headers = {}, kept = true } = {},
): Promise<{ ask: Ask; runs: () => number }> {
  const filter = filtering((request) => {
    if (streamed) return reply(stream(request), { headers });
    const text = `for ${String(read(request))}`;
    return reply(text, { headers });
  });
  async function* stream(request: FilterRequest): AsyncGenerator<string> {
    if (late) {
      yield "for ";
      for await (const _ of request.data);
    } else yield "for ";
    yield String(read(request));
  }
  const { respond } = await bridged([filter], {
    files,
    ...(kept && { cache }),
    listener: { vouchesFor: ["MEMBER"] },
  });
  const ask: Ask = ({ headers = {}, params = {} }, more = {}) =>
    respond("/a.txt", { params, headers: { ...headers, ...more } });
  return { ask, runs: () => filter.runs };
}

const forms = [
  ["whole", {}],
  ["streamed", { streamed: true }],
  ["streamed, and reads it late", { streamed: true, late: true }],
] as const;

describe.each(forms)("a filter whose reply is %s", (_form, form) => {
  test.each(byName)("and that reads %s is run for each client, and once", async (_how, [ada, bob], read) => {
    const { ask, runs } = await asking(read, { ...form, headers: PUBLIC });
    const first = await ask(ada);
    const second = await ask(bob);
    expect(second.text).not.toBe(first.text);
    expect([(await ask(ada)).text, (await ask(bob)).text]).toEqual([first.text, second.text]);
    expect(runs()).toBe(2);
    expect((await ask(ada, { Range: "bytes=0-2" })).text).toBe("for");
  });

  test.each(byAll)("and that reads %s is run for each request", async (_how, [ada, bob], read) => {
    const { ask, runs } = await asking(read, form);
    const first = await ask(ada);
    const second = await ask(bob);
    expect(second.text).not.toBe(first.text);
    expect([(await ask(ada)).text, (await ask(bob)).text]).toEqual([first.text, second.text]);
    expect(runs()).toBe(4);
    // A stream is sent before it is known what it will read; its tag must not match a copy then.
    if ("streamed" in form) return;
    expect([first, second].map(({ headers }) => headers.get("etag"))).toEqual([undefined, undefined]);
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
  });

  test.each([...byName, ...byAll].filter(([how]) => !byAddress.has(how)))(
    "and that reads %s confirms no other client's copy",
    async (_how, [ada, bob], read) => {
      for (const kept of [true, false]) {
        const { ask } = await asking(read, { ...form, headers: PUBLIC, kept });
        const first = await ask(ada);
        for (const headers of [
          { "If-None-Match": first.headers.get("etag") ?? '"none"' },
          { "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT" },
        ]) {
          const answer = await ask(bob, headers);
          expect(answer.status).toBe(200);
          expect(answer.text).not.toBe(first.text);
        }
      }
    },
  );
});

test("A client's own copy is confirmed, without the filter, once its reads are known", async () => {
  const { ask, runs } = await asking(({ headers }) => headers.get("x-api-key"), { kept: false });
  const etags = [];
  for (const client of keys) etags.push((await ask(client)).headers.get("etag")!);
  expect(new Set(etags).size).toBe(2);
  for (const [index, client] of keys.entries()) {
    expect((await ask(client, { "If-None-Match": etags[index]! })).status).toBe(304);
    expect((await ask(client, { "If-None-Match": etags[1 - index]! })).status).toBe(200);
  }
  expect(runs()).toBe(4);
});

test("A reply that depends on the client is private and has no Last-Modified", async () => {
  const { ask } = await asking(({ headers }) => headers.get("x-api-key"));
  for (const time of ["first", "from the cache"]) {
    const { headers } = await ask(keys[0]);
    expect([headers.get("cache-control"), headers.get("last-modified")], time).toEqual([
      "private, no-cache",
      undefined,
    ]);
    expect(headers.get("etag")).not.toContain("ada");
  }
});

test("A date validates a reply that depends on undeclared credentials only if none are sent", async () => {
  const { ask } = await asking(({ params }) => params.get("REMOTE_USER") ?? params.get("AUTH_USER"));
  await ask({});
  const date = (await ask({})).headers.get("last-modified")!;
  expect(new Date(date).getTime()).toBeLessThan(Date.now());
  expect((await ask({}, { "If-Modified-Since": date })).status).toBe(304);
  expect((await ask({ params: { REMOTE_USER: "ada" } }, { "If-Modified-Since": date })).status).toBe(200);
});

test("What a stream reads after its head becomes part of the tag", async () => {
  const { ask, runs } = await asking(({ headers }) => headers.get("x-api-key"), {
    streamed: true,
    late: true,
    kept: false,
  });
  const early = (await ask(keys[0])).headers.get("etag")!;
  const told = (await ask(keys[0])).headers.get("etag")!;
  expect(told).not.toBe(early);
  // The incomplete tag confirms no copy.
  for (const client of keys) expect((await ask(client, { "If-None-Match": early })).status).toBe(200);
  expect((await ask(keys[0], { "If-None-Match": told })).status).toBe(304);
  expect((await ask(keys[1], { "If-None-Match": told })).status).toBe(200);
  expect(runs()).toBe(5);
});

test("What JSON serialization reads counts as read", async () => {
  const filter = filtering(({ headers }) => ({ toJSON: () => ({ for: headers.get("x-api-key") }) }));
  const { respond } = await bridged([filter], { files, cache });
  const texts = [];
  for (const client of [...keys, ...keys]) texts.push((await respond("/a.txt", client)).text);
  expect(texts).toEqual(['{"for":"ada"}', '{"for":"bob"}', '{"for":"ada"}', '{"for":"bob"}']);
  expect(filter.runs).toBe(2);
});

test("A body of unknown length is read for its own request only", async () => {
  const filter = filtering(async ({ body }) => `for ${await body.text()}`);
  const { respond } = await bridged([filter], { files, cache });
  const ask = (body: string, etag?: string) =>
    respond("/a.txt", {
      method: "GET",
      body,
      params: { CONTENT_LENGTH: "", CONTENT_TYPE: "text/plain" },
      ...(etag !== undefined && { headers: { "If-None-Match": etag } }),
    });
  const texts = [];
  for (const name of ["ada", "bob", "ada"]) texts.push((await ask(name)).text);
  expect(texts).toEqual(["for ada", "for bob", "for ada"]);
  expect((await ask("ada")).headers.get("etag")).toBeUndefined();
});

test("What middleware reads before a filter counts as read by the filter", async () => {
  const who = new WeakMap<object, string | undefined>();
  const filter = filtering((request) => `for ${who.get(request)}`);
  const { respond } = await bridged([filter], {
    files,
    cache,
    middleware: [
      (request, next) => {
        who.set(request, request.headers.get("x-api-key"));
        return next();
      },
    ],
  });
  const texts = [];
  for (const client of [...keys, ...keys]) texts.push((await respond("/a.txt", client)).text);
  expect(texts).toEqual(["for ada", "for bob", "for ada", "for bob"]);
  expect(filter.runs).toBe(2);
});

test("What middleware changes in a cached reply for each client has a tag of that client", async () => {
  const filter = filtering(() => "for ");
  const { respond } = await bridged([filter], {
    files,
    cache,
    middleware: [
      async (request, next) => {
        const answer = await next();
        answer.body = `for ${request.headers.get("x-api-key")}`;
        return answer;
      },
    ],
  });
  const first = await respond("/a.txt", keys[0]);
  const second = await respond("/a.txt", keys[1]);
  expect([first.text, second.text]).toEqual(["for ada", "for bob"]);
  expect(second.headers.get("etag")).not.toBe(first.headers.get("etag"));
  const crossed = { headers: { ...keys[1].headers, "If-None-Match": first.headers.get("etag")! } };
  expect((await respond("/a.txt", crossed)).text).toBe("for bob");
  expect(filter.runs).toBe(1);
});

test("What a filter declares secret is tracked like everything else", async () => {
  const runs: string[] = [];
  @Filter("*.txt")
  class Keyed {
    filter({ params }: FilterRequest) {
      runs.push(params.get("HTTP_X_API_KEY")!);
      return `for ${params.get("HTTP_X_API_KEY")}`;
    }
  }
  const application = createApplication({
    controllers: [Keyed],
    container: createContainer(),
    secrets: ["HTTP_X_API_KEY"],
  });
  const tested = await testApplication(application, {
    bridges: { filter: { root: folderWith(files), cache } },
  });
  for (const client of [...keys, ...keys])
    expect((await tested.respond("/a.txt", client)).text).toBe(`for ${client.headers!["X-Api-Key"]}`);
  expect(runs).toEqual(["ada", "bob"]);
  await tested.close();
});

@Filter("*.txt")
class ByHeader {
  filter(_request: FilterRequest, @Header("x-api-key") key: string | undefined) {
    return `for ${key}`;
  }
}
@Filter("*.txt")
class ByVariable {
  filter(_request: FilterRequest, @Variable("REMOTE_ADDR") address: string | undefined) {
    return `for ${address}`;
  }
}
@Filter("*.txt")
class ByCookie {
  filter(_request: FilterRequest, @Cookie("session") session: string | undefined) {
    return reply(`for ${session}`, { headers: PUBLIC });
  }
}
@Filter("*.txt")
class ByQuery {
  filter(_request: FilterRequest, @Query("q") q: string | undefined) {
    return `for ${q}`;
  }
}

test.each<[string, ControllerClass, Clients]>([
  ["@Header", ByHeader, keys],
  ["@Variable", ByVariable, both("REMOTE_ADDR")],
  ["@Cookie", ByCookie, sessions],
  ["@Query", ByQuery, [{ params: { QUERY_STRING: "q=a" } }, { params: { QUERY_STRING: "q=b" } }]],
])("A parameter bound by %s distinguishes clients", async (_how, controller, [ada, bob]) => {
  const application = createApplication({ controllers: [controller], container: createContainer() });
  const tested = await testApplication(application, {
    bridges: { filter: { root: folderWith(files), cache } },
  });
  const first = await tested.respond("/a.txt", ada);
  const second = await tested.respond("/a.txt", bob);
  expect(second.text).not.toBe(first.text);
  const crossed = { ...bob, headers: { ...bob.headers, "If-None-Match": first.headers.get("etag")! } };
  if (controller !== ByQuery) expect((await tested.respond("/a.txt", crossed)).text).toBe(second.text);
  expect((await tested.respond("/a.txt", ada)).text).toBe(first.text);
  await tested.close();
});

test("Clients that send varied values evict only each other's replies", async () => {
  const { ask, runs } = await asking(({ headers }) => headers.get("x-api-key"));
  for (let client = 0; client < 100; client += 1) await ask({ headers: { "X-Api-Key": `${client}` } });
  expect(runs()).toBe(100);
  await ask({ headers: { "X-Api-Key": "99" } });
  expect(runs()).toBe(100);
  await ask({ headers: { "X-Api-Key": "0" } });
  expect(runs()).toBe(101);
});
