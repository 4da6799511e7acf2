import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { Writable } from "node:stream";

import { pino } from "pino";
import { describe, expect, it } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { Gateway, type GatewayOptions } from "../../src/gateway/index.js";
import { http } from "./support/http.js";
import { ScriptedApplication, type ScriptedRequest } from "./support/scripted-application.js";
import { openStage } from "./support/stage.js";

const routes = { protect: [], filter: [], respond: ["/"] };

describe("Gateway", () => {
  it("logs one line, within a budget, if the application is unreachable", async () => {
    const lines: Record<string, unknown>[] = [];
    const log = pino({ level: "warn" }, { write: (line) => lines.push(JSON.parse(line)) });
    const application = new ScriptedApplication({});
    const address = await application.listen();
    await application.close();
    const gateway = new Gateway({ application: address, root: tmpdir(), routes, port: 0, log });
    const { url } = await gateway.listen();
    const start = Date.now();
    for (let count = 0; count < 100; count += 1) expect(await http(url, "/x")).toMatchObject({ status: 502 });
    await gateway.close();
    const seconds = Math.ceil((Date.now() - start) / 1000) + 1;
    expect(lines.length).toBeLessThanOrEqual(20 * seconds);
    expect(lines[0]).toMatchObject({
      level: 40,
      msg: "application is not reachable",
      code: "ERR_CLIENT_CONNECT",
      fact: expect.stringMatching(new RegExp(`^Cannot connect to ${address}: .*ECONNREFUSED`)),
      method: "GET",
      path: "/x",
    });
    expect(lines[0]).not.toHaveProperty("err");
  });

  it("reports its URL and refuses a port in use", async () => {
    const { url, root } = await openStage({});
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const second = new Gateway({ application: 1, root, routes, port: Number(new URL(url).port) });
    await expect(second.listen()).rejects.toMatchObject({
      code: "ERR_GATEWAY_LISTEN",
      fault: "local",
      message: `Cannot listen on ${new URL(url).host}: another program listens there; stop it, or choose another port`,
    });
    await second.close();
  });

  it.each([
    ["192.0.2.1", /^Cannot listen on 192\.0\.2\.1:0: the host is not an address of this machine; choose /],
    ["2001:db8::1", /^Cannot listen on \[2001:db8::1\]:0: \S.*; choose /],
    ["no such host", /^Cannot listen on no such host:0: \S.*; choose /],
  ])("explains why it cannot listen on the host %s", async (host, message) => {
    const gateway = new Gateway({ application: 1, root: tmpdir(), routes, host, port: 0 });
    const refused = expect.objectContaining({
      code: "ERR_GATEWAY_LISTEN",
      message: expect.stringMatching(message),
    });
    await expect(gateway.listen()).rejects.toEqual(refused);
    await gateway.close();
  });

  it.each([undefined, null, "127.0.0.1:9000"])("refuses %j instead of options", (options) => {
    expect(() => new Gateway(options as unknown as GatewayOptions)).toThrow(
      expect.objectContaining({
        code: "ERR_OPTION",
        message: expect.stringMatching(/^Cannot create gateway: the options are /),
      }),
    );
  });

  it.each([Number.NaN, -1, 65_536, 80.5, Infinity])("refuses the port %d before anything else", (port) => {
    expect(() => new Gateway({ application: 1, root: tmpdir(), routes, port })).toThrow(
      expect.objectContaining({
        code: "ERR_GATEWAY_LISTEN",
        message: expect.stringMatching(
          new RegExp(`^Cannot listen: the port (?:is )?${port}[ ,].*; use a number such as 8080, or check `),
        ),
      }),
    );
  });

  it("refuses a root that is not a folder, a mount without a slash and an unknown address", async () => {
    const missing = new Gateway({ application: 1, root: "/nowhere/at/all", routes, port: 0 });
    await expect(missing.listen()).rejects.toMatchObject({ code: "ERR_DOCUMENT_ROOT" });
    const file = new Gateway({ application: 1, root: import.meta.filename, routes, port: 0 });
    await expect(file.listen()).rejects.toMatchObject({ code: "ERR_DOCUMENT_ROOT" });
    expect(() => new Gateway({ application: 1, root: tmpdir(), routes, mount: "app" })).toThrow(
      expect.objectContaining({ code: "ERR_GATEWAY_MOUNT" }),
    );
    expect(() => new Gateway({ application: "?", root: tmpdir(), routes })).toThrow(
      expect.objectContaining({ code: "ERR_ADDRESS" }),
    );
  });

  it("listens on IPv6", async () => {
    const { url } = await openStage({ files: { "a.txt": "a" }, gateway: { host: "::1" } });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    const { port } = new URL(url);
    const [message] = (await once(
      httpRequest({ hostname: "::1", port, path: "/a.txt" }).end(),
      "response",
    )) as [IncomingMessage];
    expect(message.statusCode).toBe(200);
    message.resume();
  });

  it("leaves a client that it was given open", async () => {
    const application = new ScriptedApplication({ 1: (request) => request.answer("Status: 200\r\n\r\nok") });
    const client = new FastCgiClient({ address: await application.listen() });
    const gateway = new Gateway({ application: client, root: tmpdir(), routes, port: 0 });
    const { url } = await gateway.listen();
    expect(await http(url, "/")).toMatchObject({ body: "ok" });
    await gateway.close();
    await gateway.close();
    await expect(http(url, "/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const response = await client.request({ params: {} });
    expect(await response.text()).toBe("ok");
    await client.close();
    await application.close();
  });

  it("finishes active answers on close, also on kept connections", async () => {
    let arrive!: (request: ScriptedRequest) => void;
    const arrived = new Promise<ScriptedRequest>((resolve) => (arrive = resolve));
    const { url, gateway } = await openStage({
      scripts: { 1: (request) => arrive(request) },
      routes,
      gateway: { timeouts: { close: 60_000 } },
    });
    const { hostname, port } = new URL(url);
    const agent = new Agent({ keepAlive: true });
    const outgoing = httpRequest({ hostname, port, agent });
    outgoing.end();
    const request = await arrived;
    const closed = gateway.close();
    request.answer("Status: 200\r\n\r\nlast");
    const [message] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(Buffer.concat(await message.toArray()).toString()).toBe("last");
    await closed;
    agent.destroy();
  });

  it("aborts on close what does not end in time", async () => {
    let arrive!: (request: ScriptedRequest) => void;
    const arrived = new Promise<ScriptedRequest>((resolve) => (arrive = resolve));
    const { url, gateway } = await openStage({
      scripts: { 1: (request) => arrive(request) },
      routes,
      gateway: { timeouts: { close: 50 } },
    });
    const answer = http(url, "/").catch((error: NodeJS.ErrnoException) => error.code);
    const request = await arrived;
    await gateway.close();
    expect(await answer).toBe("ECONNRESET");
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
  });

  it("logs at most 20 lines of a kind per second, and counts the others", async () => {
    const lines: Record<string, unknown>[] = [];
    const log = pino(
      { level: "warn" },
      { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const script = (request: ScriptedRequest) => {
      request.stderr("a line\n".repeat(100));
      request.end();
    };
    const { url, gateway } = await openStage({ scripts: { 1: script }, routes, gateway: { log } });
    const start = Date.now();
    for (let count = 0; count < 100; count += 1) await http(url, "/");
    await gateway.close();
    const seconds = Math.ceil((Date.now() - start) / 1000) + 1;
    for (const msg of ["FCGI_STDERR", "request failed"]) {
      const { length } = lines.filter((line) => line["msg"] === msg);
      expect(length).toBeGreaterThanOrEqual(20);
      expect(length).toBeLessThanOrEqual(20 * seconds);
    }
  });

  it("answers even if its log throws, as on a full disk", async () => {
    const full = (): never => {
      throw new Error("ENOSPC");
    };
    const script = (request: ScriptedRequest) => {
      request.stderr("a line\n");
      request.end();
    };
    const log = pino({ level: "warn" }, { write: full });
    const { url } = await openStage({ scripts: { 1: script }, routes, gateway: { log } });
    expect((await http(url, "/")).status).toBe(502);
  });

  it("logs the lines of FCGI_STDERR and failures, without credentials", async () => {
    const lines: Record<string, unknown>[] = [];
    const sink = new Writable({
      write(chunk, _, done) {
        lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
        done();
      },
    });
    const { url, gateway } = await openStage({
      scripts: {
        1: (request) => {
          request.stderr("first\nsecond\r\n\n");
          if (request.params["PATH_INFO"] === "/fails") request.end();
          else request.answer("Status: 200\r\n\r\nok");
        },
      },
      routes,
      gateway: { log: pino({ level: "debug" }, sink) },
    });
    await http(url, "/fine");
    await http(url, "/fails?secret", { headers: { Authorization: "Basic c2VjcmV0" } });
    await gateway.close();
    const stderr = lines.filter((line) => "stderr" in line);
    expect(stderr.map((line) => line["stderr"])).toEqual(["first", "second", "first", "second"]);
    expect(stderr[0]).toMatchObject({ role: "responder", level: 40 });
    expect(lines.find(({ msg }) => msg === "request failed")).toMatchObject({
      level: 50,
      method: "GET",
      path: "/fails",
    });
    expect(JSON.stringify(lines)).not.toMatch(/secret|c2VjcmV0/);
  });
});
