import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { FastCgiClient, type ClientRequest, type ClientResponse } from "tricorn/client";
import { Role } from "tricorn/protocol";
import { beforeAll, describe, expect, test } from "vitest";

import { folderForTests } from "../../support/web-servers/folder-for-tests.js";
import { blockNamed, blocksOf, root } from "../blocks.js";
import { ExampleProcess, nodeOptions } from "./support.js";

type Value = string | number | boolean;

/** A span as it was exported. */
interface Exported {
  readonly service: Value | undefined;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, Value>>;
  /** Of its events. */
  readonly exceptions: readonly Readonly<Record<string, Value>>[];
  readonly status: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** A value of OTLP/JSON, as the message AnyValue. */
interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly boolValue?: boolean;
  readonly doubleValue?: number;
}
type KeyValues = readonly { readonly key: string; readonly value: AnyValue }[];

/** What an exporter posts to /v1/traces. */
interface TracesData {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: KeyValues };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: number;
        readonly attributes: KeyValues;
        readonly events: readonly { readonly name: string; readonly attributes: KeyValues }[];
        readonly status: { readonly code: number };
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
      }[];
    }[];
  }[];
}

const INTERNAL = 1;
const SERVER = 2;
const UNSET = 0;
const ERROR = 2;

function record(attributes: KeyValues): Record<string, Value> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, boolValue, doubleValue, intValue } }) => [
      key,
      stringValue ?? boolValue ?? doubleValue ?? Number(intValue),
    ]),
  );
}

function spansOf({ resourceSpans }: TracesData): Exported[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: record(resource.attributes)["service.name"],
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        name: span.name,
        kind: span.kind,
        attributes: record(span.attributes),
        exceptions: span.events
          .filter(({ name }) => name === "exception")
          .map((event) => record(event.attributes)),
        status: span.status.code,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
      })),
    ),
  );
}

/** A collector of OpenTelemetry, as far as an exporter sees it. */
async function startCollector() {
  const spans: Exported[] = [];
  const server = createServer((request, response) => {
    void json(request).then((data) => {
      if (request.url === "/v1/traces") spans.push(...spansOf(data as TracesData));
      response.setHeader("Content-Type", "application/json").end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { spans, url, close: () => server.close() };
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e47";
const CALLER = "00f067aa0ba902b7";

/** The trace of a request: a number below 256 stands for it. */
function traceOf(number: number): string {
  return TRACE + number.toString(16).padStart(2, "0");
}

interface Visit extends Omit<Partial<ClientRequest>, "params"> {
  readonly trace?: number;
  readonly flags?: string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, string>>;
}

/** A request for a path, with its trace and the other params of a Web server. */
function visit(path: string, { trace, flags = "01", method = "GET", params = {}, ...others }: Visit = {}) {
  const parent = trace !== undefined && { HTTP_TRACEPARENT: `00-${traceOf(trace)}-${CALLER}-${flags}` };
  const own = { REQUEST_METHOD: method, REQUEST_URI: `${path}?secret=1`, SCRIPT_NAME: "", PATH_INFO: path };
  return { ...others, params: { ...own, QUERY_STRING: "secret=1", ...parent, ...params } };
}

const BOOKS = 100;

/** Numbers of traces; from 0 to BOOKS are those of the books. */
const Trace = {
  failed: 200,
  aborted: 201,
  denied: 202,
  allowed: 203,
  filtered: 204,
  unsampled: 205,
  broken: 206,
} as const;

let spans: readonly Exported[];

async function ask(client: FastCgiClient, request: ClientRequest): Promise<ClientResponse> {
  const answer = await client.request(request);
  await answer.bytes();
  return answer;
}

async function makeRequests(address: string): Promise<void> {
  const client = new FastCgiClient({ address });
  const inTurn = new FastCgiClient({ address, maxConnections: 1, multiplex: false });
  try {
    const abort = new AbortController();
    const returned = visit("/books/returned", { trace: Trace.aborted, signal: abort.signal });
    const { body } = await inTurn.request(returned);
    const reader = body.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("1\n");
    abort.abort();
    await expect(reader.read()).rejects.toThrow("abort");
    // Its connection is free when the aborted request has ended.
    expect((await ask(inTurn, visit("/books/1"))).status).toBe(200);

    const books = Array.from({ length: BOOKS }, (_, id) => ask(client, visit(`/books/${id}`, { trace: id })));
    expect(new Set((await Promise.all(books)).map(({ status }) => status))).toEqual(new Set([200]));

    const broken = await client.request(visit("/books/lost", { trace: Trace.broken }));
    await expect(broken.bytes()).rejects.toThrow("version is 255");

    const statuses = [
      visit("/books/1000", { trace: Trace.failed, params: { HTTPS: "on" } }),
      visit("/nowhere"),
      visit("/books/2", { trace: Trace.unsampled, flags: "00" }),
      visit("/books/2", { method: "BREW" }),
      visit("/members/", { trace: Trace.denied, role: Role.Authorizer }),
      visit("/members/", {
        trace: Trace.allowed,
        role: Role.Authorizer,
        params: { HTTP_AUTHORIZATION: "Bearer s3cret" },
      }),
      visit("/poem.txt", {
        trace: Trace.filtered,
        role: Role.Filter,
        params: { FCGI_DATA_LENGTH: "3", FCGI_DATA_LAST_MOD: "0" },
        data: "one",
      }),
    ].map(async (request) => (await ask(client, request)).status);
    expect(await Promise.all(statuses)).toEqual([500, 404, 200, 405, 401, 200, 200]);
  } finally {
    await client.close();
    await inTurn.close();
  }
}

const folder = folderForTests();

beforeAll(async () => {
  const address = `unix:${join(folder(), "tracing.sock")}`;
  const collector = await startCollector();
  const example = new ExampleProcess("tracing/main.ts", {
    TRICORN_LISTEN: address,
    TRICORN_LOG_LEVEL: "info",
    OTEL_SERVICE_NAME: "books",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  try {
    await example.line(/Listening on .* for FastCGI/);
    await makeRequests(address);
    // The spans of the last requests are exported before it ends.
    expect(await example.stop()).toBe(0);
  } finally {
    await example.stop("SIGKILL");
    collector.close();
  }
  ({ spans } = collector);
});

/** The spans of one trace: that of the request, then those within. */
function traceSpans(number: number): readonly Exported[] {
  return spans
    .filter(({ traceId }) => traceId === traceOf(number))
    .sort((one, other) => other.kind - one.kind);
}

/** The span of a request. */
function requestSpan(number: number): Exported {
  return traceSpans(number)[0]!;
}

describe("the spans of examples/tracing", () => {
  test("a request is a span of its caller's trace, and the parent of those that its handler makes", () => {
    for (let id = 0; id < BOOKS; id += 1) {
      const [request, ...inner] = traceSpans(id);
      expect(request).toMatchObject({
        parentSpanId: CALLER,
        name: "GET /books/:id",
        kind: SERVER,
        status: UNSET,
        exceptions: [],
      });
      expect(inner).toHaveLength(1);
      expect(inner[0]).toMatchObject({
        parentSpanId: request!.spanId,
        name: "count copies",
        kind: INTERNAL,
        attributes: { "book.id": id },
      });
    }
  });

  test("requests ran at once, each in its own context", () => {
    const books = Array.from({ length: BOOKS }, (_, id) => requestSpan(id));
    const isShared = books.some((one) =>
      books.some((other) => one !== other && one.start < other.start && other.start < one.end),
    );
    expect(isShared).toBe(true);
  });

  test("a span has the attributes of the semantic conventions, and no query", () => {
    expect(requestSpan(7)).toMatchObject({ service: "books" });
    expect(requestSpan(7).attributes).toEqual({
      "http.request.method": "GET",
      "http.route": "/books/:id",
      "http.response.status_code": 200,
      "url.path": "/books/7",
      "url.scheme": "http",
      "tricorn.request.id": expect.stringMatching(/^\w+-\w+-\w+$/) as unknown,
      "tricorn.role": "responder",
    });
  });

  test("a handler that fails is an error with its exception", () => {
    const [request, inner] = traceSpans(Trace.failed);
    const exception = { "exception.type": "RangeError", "exception.message": "There are 999 shelves" };
    expect(request).toMatchObject({
      status: ERROR,
      exceptions: [exception],
      attributes: { "http.response.status_code": 500, "error.type": "RangeError", "url.scheme": "https" },
    });
    expect(inner).toMatchObject({ status: ERROR, exceptions: [exception], parentSpanId: request!.spanId });
  });

  test("a client that leaves ends the span, and is no error of the server", () => {
    const [request] = traceSpans(Trace.aborted);
    expect(request).toMatchObject({
      name: "GET /books/returned",
      parentSpanId: CALLER,
      status: UNSET,
      attributes: { "error.type": "ERR_ABORTED_BY_SERVER" },
    });
  });

  test("an answer that breaks off is an error, whatever its status", () => {
    expect(requestSpan(Trace.broken)).toMatchObject({
      name: "GET /books/lost",
      status: ERROR,
      exceptions: [{ "exception.message": "The list is lost" }],
      attributes: { "http.response.status_code": 200, "error.type": "RangeError" },
    });
  });

  test("an authorizer's decision is an attribute, and a denial no error", () => {
    const gate = { "tricorn.role": "authorizer", "tricorn.authorizer": "MembersGate" };
    expect(requestSpan(Trace.denied)).toMatchObject({
      name: "authorizer MembersGate",
      parentSpanId: CALLER,
      status: UNSET,
      attributes: { ...gate, "tricorn.decision": "deny", "http.response.status_code": 401 },
    });
    expect(requestSpan(Trace.allowed)).toMatchObject({
      name: "authorizer MembersGate",
      status: UNSET,
      attributes: { ...gate, "tricorn.decision": "allow", "http.response.status_code": 200 },
    });
    expect(requestSpan(Trace.allowed).attributes).not.toHaveProperty("http.route");
  });

  test("a filter is a span too, with those that it makes", () => {
    const [request, inner] = traceSpans(Trace.filtered);
    expect(request).toMatchObject({
      name: "filter LineNumbers",
      kind: SERVER,
      parentSpanId: CALLER,
      attributes: { "tricorn.role": "filter", "url.path": "/poem.txt", "http.response.status_code": 200 },
    });
    expect(inner).toMatchObject({ name: "number lines", parentSpanId: request!.spanId });
  });

  test("a request without a trace begins one, and one without a route is named after its method", () => {
    const lost = spans.find(({ attributes }) => attributes["url.path"] === "/nowhere")!;
    expect(lost).toMatchObject({ name: "GET", kind: SERVER, status: UNSET });
    expect(lost.parentSpanId ?? "").toBe("");
    expect(lost.traceId).not.toContain(TRACE);
    expect(lost.attributes).not.toHaveProperty("http.route");
  });

  test("a method that a client has invented makes no name", () => {
    const brewed = spans.find(({ attributes }) => attributes["http.request.method"] === "_OTHER")!;
    expect(brewed.name).toBe("HTTP");
    expect(brewed.attributes["http.request.method_original"]).toBe("BREW");
  });

  test("a trace that its caller does not record is not exported", () => {
    expect(traceSpans(Trace.unsampled)).toEqual([]);
  });

  test("each request has one span", () => {
    const requests = spans.filter(({ kind }) => kind === SERVER);
    // All but the one that is not sampled.
    expect(requests).toHaveLength(1 + 1 + BOOKS + 1 + 6);
  });
});

test("examples/tracing serves and ends without a collector", async () => {
  const address = `unix:${join(folder(), "alone.sock")}`;
  const collector = await startCollector();
  collector.close();
  const example = new ExampleProcess("tracing/main.ts", {
    TRICORN_LISTEN: address,
    TRICORN_LOG_LEVEL: "info",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_TIMEOUT: "100",
  });
  const client = new FastCgiClient({ address });
  try {
    await example.line(/Listening on .* for FastCGI/);
    expect((await ask(client, visit("/books/1"))).status).toBe(200);
    await client.close();
    expect(await example.stop()).toBe(0);
    expect(example.output).toContain("Lost the last spans: ");
  } finally {
    await client.close();
    await example.stop("SIGKILL");
  }
});

describe("docs/observe.md", () => {
  const document = "docs/observe.md";

  test("shows the example's tracing.ts", () => {
    const withoutFirstLine = (text: string) => text.trimEnd().split("\n").slice(1);
    const shown = blockNamed(document, "// src/tracing.ts").text;
    const example = readFileSync(join(root, "examples/tracing/tracing.ts"), "utf8");
    expect(withoutFirstLine(shown)).toEqual(withoutFirstLine(example));
  });

  test("installs the packages that the example imports, of the versions it is tested with", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      devDependencies: Readonly<Record<string, string>>;
    };
    const tested = Object.entries(devDependencies)
      .filter(([name]) => name.startsWith("@opentelemetry/"))
      .map(([name, range]) => [name, /^\^((?:0|1)\.\d+|\d+)\./.exec(range)?.[1]]);
    const install = blocksOf(document).find(({ text }) => text.includes("npm install @opentelemetry/"))!;
    const shown = [...install.text.matchAll(/(@opentelemetry\/[\w-]+)@([\d.]+)/g)];
    expect(shown.map(([, name, version]) => [name, version])).toEqual(expect.arrayContaining(tested));
    expect(shown).toHaveLength(tested.length);
  });

  test("starts the example as this test does", () => {
    const command = `node ${nodeOptions.join(" ")} examples/tracing/main.ts`;
    expect(blocksOf(document).filter(({ text }) => text.endsWith(command))).toHaveLength(1);
  });
});
