import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";

import { pino } from "pino";
import { describe, expect, it } from "vitest";

import { exchanged } from "./support/raw-http.js";
import type { Script, ScriptedRequest } from "./support/scripted-application.js";
import { openStage, type Stage } from "./support/stage.js";

const respond = ["/"];

/** A stage whose application reports its request and waits, with the gateway's log. */
async function watched(): Promise<
  Stage & { arrived: Promise<ScriptedRequest>; log: { level: number; msg: string }[] }
> {
  let arrive!: (request: ScriptedRequest) => void;
  const arrived = new Promise<ScriptedRequest>((resolve) => (arrive = resolve));
  const log: { level: number; msg: string }[] = [];
  const stage = await openStage({
    scripts: { 1: (request) => arrive(request) },
    routes: { respond },
    gateway: {
      log: pino({ level: "debug" }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    },
  });
  return { ...stage, arrived, log };
}

const target = (url: string): { host: string; port: string } => ({
  host: new URL(url).hostname,
  port: new URL(url).port,
});

const connected = (url: string): Socket =>
  connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {});

describe("a client that half-closes after its request", () => {
  const answer: Script = async (request) => {
    await request.complete;
    request.answer(`Status: 200\r\nContent-Length: 8\r\n\r\nanswer ${request.stdin.length}`);
  };

  it.each([
    ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0],
    ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 0],
    ["GET / HTTP/1.0\r\n\r\n", 0],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 3],
    ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 3],
  ])("gets its answer and the end of the connection: %j", async (request, length) => {
    const { url } = await openStage({ scripts: { 1: answer }, routes: { respond } });
    const received = await exchanged(url, request, { halfClose: true });
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 8\r\n/);
    expect(received.endsWith(`\r\n\r\nanswer ${length}`)).toBe(true);
  });

  it("gets the answers to everything it has sent", async () => {
    const { url } = await openStage({ scripts: { 1: answer }, routes: { respond } });
    const one = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const received = await exchanged(url, one + one + one, { halfClose: true });
    expect(received.match(/answer 0/g)).toHaveLength(3);
  });

  it("gets a chunked answer, partly written after its FIN", async () => {
    const { url, arrived } = await watched();
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const request = await arrived;
    request.stdout("Status: 200\r\n\r\none");
    let received = "";
    while (!received.endsWith("3\r\none\r\n")) received += String((await once(socket, "data"))[0]);
    socket.end();
    // What the gateway has sent since shows that it has seen the FIN.
    received += String((await once(socket, "data"))[0]);
    request.stdout("two");
    request.end();
    for await (const chunk of socket) received += String(chunk);
    expect(received.split("\r\n\r\n", 2)[1]).toBe("3\r\none\r\n03\r\ntwo\r\n0");
  });

  it("gets an aborted answer, aborted", async () => {
    const { url, arrived } = await watched();
    const agent = new Agent();
    const answer = new Promise((resolve, reject) => {
      const outgoing = httpRequest({ ...target(url), agent }, (message) => {
        message
          .on("error", resolve)
          .on("end", () => reject(new Error("whole")))
          .resume();
        outgoing.socket!.end();
      }).on("error", () => {});
      outgoing.end();
    });
    const request = await arrived;
    request.stdout("Status: 200\r\n\r\none");
    request.socket.end();
    expect(await answer).toMatchObject({ code: "ECONNRESET" });
    agent.destroy();
  });

  it("gets a static file, a refusal and a redirect", async () => {
    const { url } = await openStage({ files: { "a.txt": "file", "b/c.txt": "" } });
    const ask = (path: string): Promise<string> =>
      exchanged(url, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, { halfClose: true });
    expect(await ask("/a.txt")).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nfile$/);
    expect(await ask("/none")).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(await ask("/b")).toMatch(/^HTTP\/1\.1 301 /);
    expect(await ask("/%00")).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("is distinguished from one that has left, although both have sent FIN", async () => {
    const { url, arrived, log } = await watched();
    const socket = connected(url);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const request = await arrived;
    // No unread data is left, so the system sends FIN and no reset.
    socket.destroy();
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
    await expect.poll(() => log.map(({ msg }) => msg)).toContain("client left");
    expect(log.filter(({ level }) => level >= 40)).toEqual([]);
  });

  it("and leaves during its answer is detected by its reset", async () => {
    const { url, arrived } = await watched();
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => {});
    socket.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const request = await arrived;
    request.stdout("Status: 200\r\n\r\nab");
    await once(socket, "data");
    socket.resetAndDestroy();
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
  });
});

describe("a client that leaves is not a failure", () => {
  it.each<[string, (stage: Stage, arrived: Promise<ScriptedRequest>) => Promise<ScriptedRequest>]>([
    [
      "in its request body",
      async ({ url }, arrived) => {
        const socket = connected(url);
        socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
        const request = await arrived;
        socket.destroy();
        return request;
      },
    ],
    [
      "in a body in chunks, by a reset",
      async ({ url }, arrived) => {
        const socket = connected(url);
        socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        const request = await arrived;
        socket.resetAndDestroy();
        return request;
      },
    ],
    [
      "by a body whose chunks are none",
      async ({ url }, arrived) => {
        const socket = connected(url);
        socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        const request = await arrived;
        socket.write("no chunk\r\n");
        return request;
      },
    ],
    [
      "before the answer, by a reset",
      async ({ url }, arrived) => {
        const socket = connected(url);
        socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        const request = await arrived;
        socket.resetAndDestroy();
        return request;
      },
    ],
    [
      "in the answer",
      async ({ url }, arrived) => {
        const outgoing = httpRequest(url, { agent: false }).on("error", () => {});
        outgoing.end();
        const request = await arrived;
        request.stdout("Status: 200\r\n\r\nab");
        const [message] = (await once(outgoing, "response")) as [IncomingMessage];
        message.on("error", () => {});
        outgoing.destroy();
        request.stdout(Buffer.alloc(4 * 1024 * 1024));
        return request;
      },
    ],
  ])("%s: the request is aborted, and no error is logged", async (_when, leave) => {
    const { arrived, log, ...stage } = await watched();
    const request = await leave(stage, arrived);
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
    await expect.poll(() => log.map(({ msg }) => msg)).toContain("client left");
    expect(log.filter(({ level }) => level >= 40)).toEqual([]);
  });
});
