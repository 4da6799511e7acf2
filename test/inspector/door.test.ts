import { request as httpRequest } from "node:http";
import { describe, expect, test } from "vitest";

import type { InspectorOptions } from "../../src/inspector/index.js";
import { http, type HttpCall } from "../gateway/support/http.js";
import { responder, serveDefinitions } from "../support/served.js";
import { openInspected, type Inspected } from "./support/inspected.js";

const READS = ["", "/", "/page.css", "/page.js", "/events", "/requests/1", "/records/1/0", "/missing"];

/** A gateway with an inspector before an application that echoes. */
async function opened(admits?: InspectorOptions["admits"]): Promise<Inspected> {
  const { address } = await serveDefinitions([
    responder({
      "POST /echo": ({ body }) => body.stream(),
      "GET /hello": () => "hello",
    }),
  ]);
  return openInspected({ address, routes: { respond: ["/"] }, inspector: { admits } });
}

/** The status of a request to the inspector. */
async function statusOf({ url }: Inspected, path: string, call: HttpCall = {}): Promise<number> {
  const outgoing = httpRequest(`${url}/__tricorn${path}`, { agent: false, method: call.method ?? "GET" });
  for (const [name, value] of Object.entries((call.headers ?? {}) as Record<string, string>))
    outgoing.setHeader(name, value);
  return new Promise((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      response.destroy();
      resolve(response.statusCode!);
    });
    outgoing.end();
  });
}

describe("the Host of a request to the inspector", () => {
  test.each(["localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:80", "LOCALHOST"])(
    "may be %s",
    async (host) => {
      expect(await statusOf(await opened(), "", { headers: { host } })).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.2",
    "[::2]",
    "0.0.0.0",
  ])("must not be %s, whatever the path", async (host) => {
    const inspected = await opened();
    for (const path of READS) expect(await statusOf(inspected, path, { headers: { host } })).toBe(403);
  });
});

test("admits decides instead of the Host, if it is given", async () => {
  const inspected = await opened(({ headers }) => headers["x-badge"] === "1");
  for (const path of READS) {
    expect(await statusOf(inspected, path)).toBe(403);
    const headers = { host: "dev.example", "x-badge": "1" };
    expect(await statusOf(inspected, path, { headers })).not.toBe(403);
  }
});

describe("every answer of the inspector", () => {
  test("forbids inline scripts, other origins, frames, sniffing and caches", async () => {
    const { url } = await opened();
    for (const path of READS.filter((path) => path !== "/events")) {
      const { headers } = await http(url, `/__tricorn${path}`);
      const policy = String(headers["content-security-policy"]).split("; ");
      expect(policy).toEqual(
        expect.arrayContaining([
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "frame-ancestors 'none'",
        ]),
      );
      expect(policy.join()).not.toContain("unsafe");
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
      });
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });
});

describe("a request that changes something", () => {
  const changes = [
    ["POST", "/requests/1/replay"],
    ["DELETE", "/requests"],
  ] as const;

  test.each(changes)("%s %s needs the token and the origin of the page", async (method, path) => {
    const inspected = await opened();
    await http(inspected.url, "/hello");
    const token = await inspected.token();
    const origin = inspected.url;
    const refused: Record<string, string>[] = [
      {},
      { "x-tricorn-token": token },
      { origin },
      { origin, "x-tricorn-token": token.replace(/./, (digit) => (digit === "0" ? "1" : "0")) },
      { origin: "http://evil.example", "x-tricorn-token": token },
      { origin: "null", "x-tricorn-token": token },
      { origin: origin.replace("127.0.0.1", "localhost"), "x-tricorn-token": token },
    ];
    for (const headers of refused) expect(await statusOf(inspected, path, { method, headers })).toBe(403);
    expect(await inspected.requests()).toHaveLength(1);
    const headers = { origin, "x-tricorn-token": token };
    expect(await statusOf(inspected, path, { method, headers })).toBeLessThan(300);
    expect(await inspected.requests()).toHaveLength(method === "POST" ? 2 : 0);
  });

  test.each(["PUT", "PATCH", "OPTIONS", "HEAD"])("is no %s", async (method) => {
    expect(await statusOf(await opened(), "/requests/1", { method })).toBe(405);
  });
});

describe("a replay", () => {
  test("sends method, target, fields and body again", async () => {
    const inspected = await opened();
    const { url } = inspected;
    await http(url, "/echo?a=%20b", {
      method: "POST",
      headers: { "X-One": "1", Cookie: "sid=abcdef", "Content-Type": "text/plain" },
      body: "hello",
    });
    const token = await inspected.token();
    const { status, body } = await http(url, "/__tricorn/requests/1/replay", {
      method: "POST",
      headers: { Origin: url, "X-Tricorn-Token": token },
    });
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { number: 2 } });
    const [first, again] = [await inspected.request(1), await inspected.request(2)];
    expect(again).toMatchObject({
      replayOf: 1,
      method: "POST",
      target: "/echo?a=%20b",
      status: 200,
      state: "complete",
    });
    const fields = ({ fields }: typeof first): unknown =>
      fields.filter(({ name }) => name.toLowerCase() !== "connection");
    expect(fields(again)).toEqual(fields(first));
    const stdin = again.questions[0]!.conversations[0]!.records.find(({ type }) => type === "STDIN");
    const { number } = again.questions[0]!.conversations[0]!;
    expect((await inspected.record(number, stdin!.index)).body).toEqual({ text: "hello", masked: false });
    const params = again.questions[0]!.conversations[0]!.records.find(({ type }) => type === "PARAMS");
    const { pairs } = await inspected.record(number, params!.index);
    expect(pairs).toContainEqual({ name: "HTTP_COOKIE", text: "sid=••••", masked: true });
  });

  test("is refused if the body was not recorded as a whole", async () => {
    const { address } = await serveDefinitions([responder({ "POST /echo": ({ body }) => body.stream() })]);
    const inspected = await openInspected({
      address,
      routes: { respond: ["/"] },
      inspector: { limits: { streamBytes: 1000 } },
    });
    await http(inspected.url, "/echo", { method: "POST", body: "b".repeat(1001) });
    const { replay } = await inspected.request(1);
    expect(replay).toEqual({
      possible: false,
      reason: "its body was cut: 1000 of 1001 bytes were recorded",
    });
    const token = await inspected.token();
    const headers = { origin: inspected.url, "x-tricorn-token": token };
    expect(await statusOf(inspected, "/requests/1/replay", { method: "POST", headers })).toBe(409);
    expect(await inspected.requests()).toHaveLength(1);
  });
});
