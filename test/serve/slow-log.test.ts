// The slow log of real processes: for each shape of a handler, the line of the await in which it stands.
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promiseHooks } from "node:v8";
import { pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { Get, Responder, createApplication, serve, type ServeOptions } from "../../src/index.js";
import { Role } from "../../src/protocol/constants.js";
import { NodeProcess, projectFolder, sourceCommandOf } from "../support/node-process.js";
import { get } from "../support/records.js";
import { askScgi, scgiRequest } from "../support/scgi-peer.js";

const PROGRAM = "test/serve/apps/slow.ts";
const SOURCE = readFileSync(join(projectFolder, PROGRAM), "utf8").split("\n");

/** The lines that a comment of the program names, in order. */
function linesOf(name: string): readonly string[] {
  return SOURCE.flatMap((text, index) => {
    const [, after = "0", named] = /\/\/ here(?:\+(\d))?: (\w+)$/.exec(text) ?? [];
    return named === name ? [`${PROGRAM}:${index + 1 + Number(after)}`] : [];
  });
}

async function silentServer(): Promise<string> {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

type Line = Record<string, unknown> & { standsAt?: string; stack?: string };

async function start(options: object, env: Record<string, string> = {}) {
  const process = new NodeProcess([...sourceCommandOf(PROGRAM), "127.0.0.1:0"], {
    env: { OPTIONS: JSON.stringify(options), ...env },
  });
  const client = new FastCgiClient({ address: await process.address() });
  onTestFinished(() => client.close());
  return { process, client };
}

function linesIn({ errors }: NodeProcess, message: string): Line[] {
  // Node.js 26 warns about the loader of TypeScript.
  const lines = errors.filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Line).filter(({ msg }) => msg === message);
}

const paramsOf = (target: string, method = "GET") => ({ REQUEST_METHOD: method, REQUEST_URI: target });

describe("the slow log names the await in which a handler stands", () => {
  test("for each shape of a handler, with several at once", async () => {
    const { process, client } = await start(
      // Long enough for what comes before the await, on a busy machine too.
      { slowLog: 2_000 },
      { SILENT: await silentServer() },
    );
    const places: Record<string, string> = {
      never: "never",
      sleep: "sleep",
      fetch: "fetch",
      called: "called",
      all: "all",
      background: "background",
      events: "events",
      generator: "generator",
      chained: "called",
      plain: "plain",
      "listener/x": "listener",
    };
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    onTestFinished(() => stop.abort());
    const ask = (request: Parameters<FastCgiClient["request"]>[0]): void =>
      void client.request({ ...request, signal: stop.signal }).catch(() => {});
    for (const path of Object.keys(places)) ask({ params: paramsOf(`/${path}?secret=1`) });
    // A second one of the same handler, which stands elsewhere by then.
    ask({ params: paramsOf("/never") });
    ask({ params: { ...paramsOf("/body", "POST"), CONTENT_LENGTH: "5" }, stdin: unfinished() });
    ask({ params: { ...paramsOf("/parsed", "POST"), CONTENT_LENGTH: "4" }, stdin: "text" });
    ask({ role: Role.Authorizer, params: paramsOf("/members/") });
    ask({
      role: Role.Filter,
      params: { ...paramsOf("/a.txt"), FCGI_DATA_LENGTH: "4", FCGI_DATA_LAST_MOD: "1" },
      data: "data",
    });
    await expect.poll(() => linesIn(process, "Slow request")).toHaveLength(16);
    const found = new Map(linesIn(process, "Slow request").map((line) => [line["path"] as string, line]));
    const expected = {
      ...Object.fromEntries(Object.entries(places).map(([path, name]) => [`/${path}`, name])),
      "/body": "body",
      "/parsed": "parsed",
      "/members/": "authorizer",
      "/a.txt": "filter",
    };
    const standing = Object.fromEntries([...found].map(([path, { standsAt }]) => [path, placesIn(standsAt)]));
    expect(standing).toEqual(
      Object.fromEntries(Object.entries(expected).map(([path, name]) => [path, linesOf(name)])),
    );
    expect(found.get("/called")!.stack).toMatch(
      /^ {4}at inner \(test\/serve\/apps\/slow\.ts:\d+:\d+\)\n {4}at (?:Shapes\.)?called \(test\/serve\/apps\/slow\.ts:\d+:\d+\)$/,
    );
    expect(found.get("/never")).toMatchObject({
      level: 40,
      role: "responder",
      method: "GET",
      route: "GET /never",
      id: expect.stringMatching(/^[\w-]+$/),
      ms: expect.any(Number),
    });
    expect(found.get("/members/")!["role"]).toBe("authorizer");
    expect(found.get("/a.txt")!["role"]).toBe("filter");
    expect(process.errors.join("")).not.toMatch(/secret|node:internal|node_modules/);
  });
});

test("a handler with 10,000 promises is named by its await", async () => {
  const { process, client } = await start({ slowLog: 500 });
  const stop = new AbortController();
  const answer = client.request({ params: paramsOf("/many"), signal: stop.signal }).catch(() => {});
  await process.line(/"msg":"Slow request"/);
  expect(placesIn(linesIn(process, "Slow request")[0]!.standsAt)).toEqual(linesOf("many"));
  stop.abort();
  await answer;
});

/** `file:line` of each of the places. */
function placesIn(standsAt = ""): readonly string[] {
  return standsAt.split(", ").map((place) => place.replace(/:\d+$/, ""));
}

function unfinished(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("te")) });
}

describe("a slow request", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  test("is logged while it runs and when it has ended, and a quick one not at all", async () => {
    const { process, client } = await start({ slowLog: 1_000 });
    await (await client.request({ params: paramsOf("/quick/1") })).text();
    const answer = client.request({ params: { ...paramsOf("/quick/2500"), HTTP_TRACEPARENT: traceparent } });
    await process.line(/"msg":"Slow request"/);
    await (await answer).text();
    await process.line(/"msg":"Slow request has ended"/);
    const [active, ...more] = linesIn(process, "Slow request");
    const [ended] = linesIn(process, "Slow request has ended");
    expect(more).toEqual([]);
    expect(active).toMatchObject({ path: "/quick/2500", traceId: traceparent.slice(3, 35) });
    expect(placesIn(active!.standsAt)).toEqual(linesOf("quick"));
    expect(ended).toMatchObject({ id: active!["id"], status: 200, path: "/quick/2500" });
    expect(ended!["ms"]).toBeGreaterThanOrEqual(2_400);
  });

  test("has one line at its end if there is an access log", async () => {
    const { process, client } = await start({ slowLog: 50, accessLog: true });
    await (await client.request({ params: paramsOf("/quick/200") })).text();
    await process.line(/"msg":"request"/);
    expect(linesIn(process, "Slow request")).toHaveLength(1);
    expect(linesIn(process, "Slow request has ended")).toEqual([]);
  });

  test("that computed all the time is logged when it has ended", async () => {
    const { process, client } = await start({ slowLog: 50 });
    await (await client.request({ params: paramsOf("/spin") })).text();
    await process.line(/"msg":"Slow request has ended"/);
    expect(linesIn(process, "Slow request")).toEqual([]);
  });

  test("does not flood the log", async () => {
    const { process, client } = await start({ slowLog: 50 });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const all = Array.from({ length: 60 }, () =>
      client.request({ params: paramsOf("/quick/60000"), signal: stop.signal }).catch(() => {}),
    );
    await expect.poll(() => linesIn(process, "Slow request").length).toBeGreaterThanOrEqual(20);
    stop.abort();
    await Promise.all(all);
    expect(linesIn(process, "Slow request").length).toBeLessThan(60);
  });
});

test("an invalid threshold is refused", async () => {
  const process = new NodeProcess([...sourceCommandOf(PROGRAM), "127.0.0.1:0"], {
    env: { OPTIONS: JSON.stringify({ slowLog: 0 }) },
  });
  expect(await process.ended).toBe(1);
  expect(process.errors.join("\n")).toContain("slowLog is 0; expected a number of milliseconds above 0");
});

@Responder()
class Quick {
  @Get("/")
  async quick() {
    return await Promise.resolve("quick");
  }
}

/** Whether V8 tells of promises while an application with these options answers. */
async function installsHook(options: ServeOptions): Promise<boolean> {
  const created = vi.spyOn(promiseHooks, "createHook");
  const application = createApplication({ controllers: [Quick], log: pino({ level: "silent" }) });
  const served = await serve(application, "127.0.0.1:0", { signals: false, ...options });
  const client = new FastCgiClient({ address: served.address });
  const text = await (await client.request({ params: paramsOf("/") })).text();
  await client.close();
  await served.close();
  const { length } = created.mock.calls;
  created.mockRestore();
  expect(text).toBe("quick");
  return length > 0;
}

test("only with a slow log V8 tells of promises", async () => {
  expect(await installsHook({})).toBe(false);
  expect(await installsHook({ accessLog: true })).toBe(false);
  expect(await installsHook({ slowLog: 60_000 })).toBe(true);
});

/** The environment of a CGI program. */
const cgi = (path: string) => ({ GATEWAY_INTERFACE: "CGI/1.1", SCRIPT_NAME: "", PATH_INFO: path });

describe("the slow log", () => {
  test("names the await in a request by SCGI", async () => {
    const process = new NodeProcess([...sourceCommandOf(PROGRAM), "scgi:127.0.0.1:0"], {
      env: { OPTIONS: JSON.stringify({ slowLog: 500 }) },
    });
    const answer = askScgi(await process.address(), scgiRequest("/quick/2500"));
    await process.line(/"msg":"Slow request"/);
    expect(placesIn(linesIn(process, "Slow request")[0]!.standsAt)).toEqual(linesOf("quick"));
    expect(await answer).toMatchObject({ status: 200, text: "done" });
  });

  test("names the await in a request to a CGI program, which ends after it", async () => {
    const process = new NodeProcess(sourceCommandOf(PROGRAM), {
      env: {
        OPTIONS: JSON.stringify({ slowLog: 300 }),
        REQUEST_METHOD: "GET",
        QUERY_STRING: "",
        ...cgi("/quick/1500"),
      },
    });
    expect(await process.ended).toBe(0);
    expect(process.output.at(-1)).toBe("done");
    const [line, ...more] = linesIn(process, "Slow request");
    expect(placesIn(line!.standsAt)).toEqual(linesOf("quick"));
    expect(more).toEqual([]);
    expect(linesIn(process, "Slow request has ended")).toHaveLength(1);
  });

  test("names the own await of each of 50 requests of one handler", async () => {
    const { process, client } = await start({ slowLog: 1_000 });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    onTestFinished(() => stop.abort());
    for (let count = 0; count < 50; count += 1)
      void client.request({ params: paramsOf("/twice"), signal: stop.signal }).catch(() => {});
    await expect.poll(() => linesIn(process, "Slow request").length).toBeGreaterThanOrEqual(20);
    for (const { standsAt } of linesIn(process, "Slow request"))
      expect(placesIn(standsAt)).toEqual(linesOf("twice"));
  });

  test("names nothing of the background in an answer to a slow client", async () => {
    const { process } = await start({ slowLog: 1_000 });
    const address = await process.address();
    const peer = connect(Number(address.split(":")[1]), "127.0.0.1").pause();
    onTestFinished(() => void peer.destroy());
    peer.write(get(1, "/flood"));
    await process.line(/"msg":"Slow request"/);
    const [{ standsAt, stack }] = linesIn(process, "Slow request") as [Line];
    expect([standsAt, stack]).toEqual([undefined, undefined]);
  });
});
