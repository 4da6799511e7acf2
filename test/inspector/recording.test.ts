import type { ServerResponse } from "node:http";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";

import { http } from "../gateway/support/http.js";
import { responder, serveDefinitions } from "../support/served.js";
import { openInspected, type Inspected } from "./support/inspected.js";
import { LiveEvents } from "../../src/inspector/live-events.js";
import { defaultInspectorLimits, type InspectorLimits } from "../../src/inspector/inspector-limits.js";

/** A gateway before an application that echoes and sends as much as the query says. */
async function opened(limits: Partial<InspectorLimits>): Promise<Inspected> {
  const { address } = await serveDefinitions([
    responder({
      "POST /echo": ({ body }) => body.stream(),
      "GET /bytes": ({ query }) => Buffer.alloc(Number(query.get("count")), "x"),
      "GET /pieces": async function* ({ query }) {
        for (let piece = 0; piece < Number(query.get("count")); piece += 1) {
          yield "piece";
          await turn();
        }
      },
    }),
  ]);
  return openInspected({ address, routes: { respond: ["/"] }, inspector: { limits } });
}

const numbers = async (inspected: Inspected): Promise<number[]> =>
  (await inspected.requests()).map(({ number }) => number);

describe("the inspector keeps at most", () => {
  test("so many requests, the latest", async () => {
    const inspected = await opened({ requests: 3 });
    for (let count = 0; count < 5; count += 1) await http(inspected.url, "/bytes?count=1");
    expect(await numbers(inspected)).toEqual([3, 4, 5]);
  });

  test("so many bytes of all requests: the oldest are dropped", async () => {
    const inspected = await opened({ bytes: 300_000, streamBytes: 100_000 });
    for (let count = 0; count < 6; count += 1) await http(inspected.url, "/bytes?count=100000");
    const kept = await numbers(inspected);
    expect(kept.at(-1)).toBe(6);
    expect(kept.length).toBeGreaterThanOrEqual(2);
    expect(kept.length).toBeLessThan(4);
  });

  test("so many bytes of a stream, and counts the rest", async () => {
    const inspected = await opened({ streamBytes: 1000 });
    await http(inspected.url, "/echo", { method: "POST", body: "b".repeat(5000) });
    const { questions } = await inspected.request(1);
    const [conversation] = questions[0]!.conversations;
    const stdin = conversation!.records.find(({ type }) => type === "STDIN")!;
    expect(stdin.length).toBe(5000);
    const record = await inspected.record(conversation!.number, stdin.index);
    expect(record.body!.text).toBe("b".repeat(1000));
    expect(record.missing).toBe(4000);
  });

  test("so many records of a request, and counts the rest", async () => {
    const inspected = await opened({ records: 10 });
    await http(inspected.url, "/pieces?count=50");
    const { questions } = await inspected.request(1);
    const [conversation] = questions[0]!.conversations;
    expect(conversation!.records).toHaveLength(10);
    expect(conversation!.unlisted).toBeGreaterThan(20);
  });

  test("a request that is active rather than those that have ended", async () => {
    const inspected = await opened({ requests: 2 });
    const long = http(inspected.url, "/pieces?count=300");
    await expect.poll(async () => (await numbers(inspected)).length).toBe(1);
    for (let count = 0; count < 3; count += 1) await http(inspected.url, "/bytes?count=1");
    expect(await numbers(inspected)).toEqual([1, 4]);
    await long;
  });

  test("nothing of a request that was dropped while it was active", async () => {
    const inspected = await opened({ requests: 1 });
    const long = http(inspected.url, "/pieces?count=200");
    await expect.poll(async () => (await numbers(inspected)).length).toBe(1);
    await http(inspected.url, "/bytes?count=1");
    await http(inspected.url, "/bytes?count=1");
    expect((await long).body).toBe("piece".repeat(200));
    expect(await numbers(inspected)).toHaveLength(1);
  });
});

describe("live events", () => {
  test("go to at most so many pages", async () => {
    const inspected = await opened({ pages: 2 });
    const responses: Response[] = [];
    for (let count = 0; count < 3; count += 1)
      responses.push(await fetch(`${inspected.url}/__tricorn/events`));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 503]);
    for (const { body } of responses) await body?.cancel();
    await expect.poll(async () => (await numbers(inspected)).length).toBe(0);
  });

  test("do not wait for a page that does not read them", async () => {
    const limits = { ...defaultInspectorLimits, waitingEventBytes: 1000 };
    const events = new LiveEvents(
      { exchanges: [], summary: () => ({ text: "x".repeat(600) }) as never },
      limits,
    );
    let destroyed = 0;
    let written = 0;
    const page = {
      once() {},
      socket: null,
      get writableLength() {
        return written;
      },
      write(text: string) {
        written += text.length;
      },
      destroy() {
        destroyed += 1;
      },
    } as unknown as ServerResponse;
    events.open(page);
    for (let count = 0; count < 5; count += 1) {
      const before = written + destroyed;
      events.changed({} as never);
      await expect.poll(() => written + destroyed).toBeGreaterThan(before);
    }
    expect(destroyed).toBeGreaterThan(0);
    expect(written).toBeLessThan(1000 + 1500);
  });
});

test("secrets that the application declares are masked", async () => {
  const { address } = await serveDefinitions([responder({ "GET /*": () => "hello" })]);
  const inspected = await openInspected({
    address,
    routes: { respond: ["/"] },
    inspector: { secrets: ["X-Badge"] },
  });
  await http(inspected.url, "/a?x_badge=12345", { headers: { "X-Badge": "12345" } });
  const detail = await inspected.request(1);
  expect(detail.target).toBe("/a?x_badge=••••");
  expect(detail.fields).toContainEqual({ name: "X-Badge", text: "••••", masked: true });
  const [conversation] = detail.questions[0]!.conversations;
  const params = conversation!.records.find(({ type }) => type === "PARAMS")!;
  const { pairs, bytes } = await inspected.record(conversation!.number, params.index);
  expect(JSON.stringify(pairs)).not.toContain("12345");
  expect(bytes.join("")).not.toContain(Buffer.from("12345").toString("hex"));
});

test("an application that does not speak FastCGI is shown as such", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const inspected = await openInspected({ address: port, routes: { respond: ["/"] } });
  expect((await http(inspected.url, "/")).status).toBe(502);
  const detail = await inspected.request(1);
  expect(detail.failure).toContain("ERR_CLIENT_PROTOCOL");
  const [conversation] = detail.questions[0]!.conversations;
  const { number, records } = conversation!.management!;
  const last = records.at(-1)!;
  expect(last).toMatchObject({ type: "no record", direction: "received" });
  expect((await inspected.record(number, last.index)).body!.text).toContain("HTTP/1.1");
});
