import { once } from "node:events";
import { connect } from "node:net";
import { request as httpRequest, type IncomingMessage } from "node:http";

import { describe, expect, it } from "vitest";

import { http } from "./support/http.js";
import { openStage } from "./support/stage.js";
import type { Script, ScriptedRequest } from "./support/scripted-application.js";

const respond = ["/"];
const MEBIBYTE = 1024 * 1024;

/** A script that reports its request to the test and waits for nothing. */
function announcing(): { script: Script; arrived: Promise<ScriptedRequest> } {
  let arrive!: (request: ScriptedRequest) => void;
  const arrived = new Promise<ScriptedRequest>((resolve) => (arrive = resolve));
  return { script: (request) => arrive(request), arrived };
}

function get(url: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    httpRequest({ hostname, port, path, agent: false }, resolve).on("error", reject).end();
  });
}

describe("an unknown path", () => {
  const answers = { 1: (request: ScriptedRequest) => request.answer("Status: 404\r\n\r\nno such hat") };

  it("is a 404 of the gateway by default", async () => {
    const { url } = await openStage({ scripts: answers, routes: { respond: ["/hats"] } });
    expect(await http(url, "/nothing")).toMatchObject({ status: 404, body: "404 Not Found\n" });
    expect(await http(url, "/hats")).toMatchObject({ status: 404, body: "no such hat" });
  });

  it('is answered by the application with unknown: "application", unless a file has it', async () => {
    const { url } = await openStage({
      scripts: answers,
      routes: { respond: [] },
      files: { "page.txt": "a file" },
      gateway: { unknown: "application" },
    });
    expect(await http(url, "/nothing")).toMatchObject({ status: 404, body: "no such hat" });
    expect(await http(url, "/page.txt")).toMatchObject({ status: 200, body: "a file" });
  });
});

describe("a responder's answer", () => {
  it("keeps status, reason and repeated fields, and drops hop-by-hop fields", async () => {
    const { url } = await openStage({
      scripts: {
        1: (request) =>
          request.answer(
            "Content-Type: text/plain\r\nStatus: 418 Short and stout\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n" +
              "Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: x\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n" +
              "X-Latin: é\r\n\r\nbody",
          ),
      },
      routes: { respond },
    });
    const answer = await http(url, "/");
    expect(answer).toMatchObject({ status: 418, reason: "Short and stout", body: "body" });
    expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(answer.headers["content-type"]).toBe("text/plain");
    expect(Buffer.from(answer.headers["x-latin"] as string, "latin1").toString()).toBe("é");
    for (const name of ["x-mine", "keep-alive", "trailer", "status"])
      expect(answer.headers[name], name).toBeUndefined();
  });

  it("is 200 without Status, and 302 with a Location alone", async () => {
    const { url } = await openStage({
      scripts: {
        1: (request) =>
          request.answer(request.params["PATH_INFO"] === "/a" ? "X: y\r\n\r\n" : "Location: /a\r\n\r\n"),
      },
      routes: { respond },
    });
    expect(await http(url, "/a")).toMatchObject({ status: 200 });
    expect(await http(url, "/b")).toMatchObject({ status: 302, headers: { location: "/a" } });
  });

  it("has no body for HEAD, 204 and 304", async () => {
    const { url } = await openStage({
      scripts: {
        1: (request) =>
          request.answer(`Status: ${request.params["QUERY_STRING"]}\r\nContent-Length: 4\r\n\r\nbody`),
      },
      routes: { respond },
    });
    expect(await http(url, "/?200", { method: "HEAD" })).toMatchObject({
      status: 200,
      body: "",
      headers: { "content-length": "4" },
    });
    const empty = await http(url, "/?204");
    expect(empty).toMatchObject({ status: 204, body: "" });
    expect(empty.headers["content-length"]).toBeUndefined();
    expect(await http(url, "/?304")).toMatchObject({ status: 304, body: "" });
    expect(await http(url, "/?200")).toMatchObject({ status: 200, body: "body" });
  });

  it("has no content after a 205, and says so", async () => {
    const { url } = await openStage({
      scripts: { 1: (request) => request.answer("Status: 205\r\nContent-Length: 4\r\n\r\nbody") },
      routes: { respond },
    });
    const reset = await http(url, "/");
    expect(reset).toMatchObject({ status: 205, body: "", headers: { "content-length": "0" } });
    expect(reset.headers["transfer-encoding"]).toBeUndefined();
  });

  it("is forwarded as it is written, piece by piece", async () => {
    const { script, arrived } = announcing();
    const { url } = await openStage({ scripts: { 1: script }, routes: { respond } });
    const response = get(url, "/");
    const request = await arrived;
    request.stdout("Status: 200\r\n\r\n");
    const message = await response;
    for (const piece of ["one", "two"]) {
      request.stdout(piece);
      const [received] = (await once(message, "data")) as [Buffer];
      expect(received.toString()).toBe(piece);
    }
    request.end();
    await once(message, "end");
    expect(message.complete).toBe(true);
  });

  it.each<[string, Script]>([
    [
      "the connection is lost",
      (request) => void (request.stdout("Status: 200\r\n\r\nab"), request.socket.end()),
    ],
    ["it is shorter than its Content-Length", (request) => request.answer("Content-Length: 9\r\n\r\nab")],
    ["it is longer than its Content-Length", (request) => request.answer("Content-Length: 1\r\n\r\nab")],
    ["it ends as overloaded", (request) => request.answer("Status: 200\r\n\r\nab", { protocolStatus: 2 })],
  ])("is visibly aborted if %s", async (_, script) => {
    const { url } = await openStage({ scripts: { 1: script }, routes: { respond } });
    await expect(http(url, "/")).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("is reset for an HTTP/1.0 client if it is aborted", async () => {
    const { script, arrived } = announcing();
    const { url } = await openStage({ scripts: { 1: script }, routes: { respond } });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("GET / HTTP/1.0\r\n\r\n");
    const request = await arrived;
    request.stdout("Status: 200\r\n\r\nab");
    await once(socket, "data");
    request.socket.end();
    const [error] = (await once(socket, "error")) as [Error];
    expect(error).toMatchObject({ code: "ECONNRESET" });
  });

  it.each<[string, Script, number]>([
    ["the header block is missing", (request) => request.end(), 502],
    ["the header block is broken", (request) => request.answer("no header\r\n\r\nSECRET"), 502],
    ["Status is 101", (request) => request.answer("Status: 101\r\n\r\nSECRET"), 502],
    [
      "there are two Content-Lengths",
      (request) => request.answer("Content-Length: 1\r\nContent-Length: 2\r\n\r\nS"),
      502,
    ],
    ["the application is overloaded", (request) => request.end({ protocolStatus: 2 }), 503],
    ["the application has no responder", (request) => request.end({ protocolStatus: 3 }), 502],
    ["the connection closes", (request) => void request.socket.destroy(), 502],
  ])("is a plain page of the gateway if %s", async (_, script, status) => {
    const { url } = await openStage({ scripts: { 1: script }, routes: { respond } });
    const answer = await http(url, "/x", { method: "POST", body: "x" });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(/^50\d [A-Z][\w ]+\n$/);
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
  });

  it("hides its application status", async () => {
    const { url } = await openStage({
      scripts: { 1: (request) => request.answer("Status: 200\r\n\r\nok", { applicationStatus: 3 }) },
      routes: { respond },
    });
    expect(await http(url, "/")).toMatchObject({ status: 200, body: "ok" });
  });

  it("of 20 MiB waits for a slow client and arrives whole", async () => {
    const { script, arrived } = announcing();
    const { url } = await openStage({
      scripts: {
        1: (request) =>
          request.params["PATH_INFO"] === "/slow" ? script(request) : request.answer("Status: 200\r\n\r\n"),
      },
      routes: { respond },
    });
    const response = get(url, "/slow");
    const request = await arrived;
    request.stdout("Status: 200\r\n\r\n");
    const message = await response;
    let written = 0;
    const piece = Buffer.alloc(64 * 1024, 7);
    const writing = (async () => {
      while (written < 20 * MEBIBYTE) {
        if (!request.stdout(piece)) await once(request.socket, "drain");
        written += piece.length;
      }
      request.end();
    })();
    // The answer is not read; other requests are the clock that shows how far its application gets meanwhile.
    for (let count = 0; count < 100; count += 1) await http(url, "/fast");
    expect(written).toBeLessThan(20 * MEBIBYTE);
    let received = 0;
    for await (const chunk of message) received += (chunk as Buffer).length;
    await writing;
    expect(received).toBe(20 * MEBIBYTE);
    expect(message.complete).toBe(true);
  });
});

describe("a request body", () => {
  const echoLength: Script = async (request) => {
    await request.complete;
    request.answer(`Status: 200\r\n\r\n${request.stdin.length} ${request.stdin[0]} ${request.stdin.at(-1)}`);
  };

  it.each(["Content-Length", "Transfer-Encoding"])("of 20 MiB arrives whole with %s", async (kind) => {
    const { url } = await openStage({ scripts: { 1: echoLength }, routes: { respond } });
    const body = Buffer.alloc(20 * MEBIBYTE, 5);
    const headers = kind === "Content-Length" ? { [kind]: body.length } : { [kind]: "chunked" };
    expect(await http(url, "/", { method: "PUT", headers, body })).toMatchObject({
      status: 200,
      body: `${body.length} 5 5`,
    });
  });

  it("is requested with 100 Continue", async () => {
    const { url } = await openStage({ scripts: { 1: echoLength }, routes: { respond } });
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({
      hostname,
      port,
      method: "POST",
      agent: false,
      headers: { Expect: "100-continue", "Content-Length": 3 },
    });
    outgoing.flushHeaders();
    await once(outgoing, "continue");
    outgoing.end("abc");
    const [message] = (await once(outgoing, "response")) as [IncomingMessage];
    const pieces = await message.toArray();
    expect(Buffer.concat(pieces).toString()).toBe("3 97 99");
  });

  it("is not requested if the authorizer denies, and the connection ends", async () => {
    const { url } = await openStage({
      scripts: { 1: echoLength, 2: (request) => request.answer("Status: 403\r\n\r\nno") },
      routes: { respond, protect: ["/**"] },
    });
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({
      hostname,
      port,
      method: "POST",
      headers: { Expect: "100-continue", "Content-Length": 3 },
    });
    let continued = false;
    outgoing.on("continue", () => (continued = true));
    outgoing.flushHeaders();
    const [message] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(message.statusCode).toBe(403);
    expect(message.headers.connection).toBe("close");
    expect(Buffer.concat(await message.toArray()).toString()).toBe("no");
    expect(continued).toBe(false);
    outgoing.destroy();
  });

  it("does not keep the answer from the client when unread", async () => {
    const { url } = await openStage({
      scripts: { 1: (request) => request.answer("Status: 413\r\n\r\ntoo much") },
      routes: { respond },
    });
    const body = Buffer.alloc(20 * MEBIBYTE);
    expect(await http(url, "/", { method: "POST", body })).toMatchObject({ status: 413, body: "too much" });
  });

  it("does not block the next request on its connection when unread", async () => {
    const { url } = await openStage({
      scripts: {
        1: (request) =>
          request.answer(`Status: 200\r\nContent-Length: 2\r\n\r\n${request.params["PATH_INFO"]}`),
      },
      routes: { respond },
    });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const length = 4 * MEBIBYTE;
    socket.write(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
    socket.write(Buffer.alloc(length));
    socket.write("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.endsWith("\r\n\r\n/b")) break;
    }
    expect(text).toContain("\r\n\r\n/a");
  });

  it("that is aborted aborts the request", async () => {
    const { script, arrived } = announcing();
    const { url } = await openStage({ scripts: { 1: script }, routes: { respond } });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    const request = await arrived;
    socket.destroy();
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
  });
});

describe("a client that leaves", () => {
  it.each(["before the answer", "during the answer"])("%s aborts the request", async (when) => {
    const { script, arrived } = announcing();
    const { url } = await openStage({ scripts: { 1: script }, routes: { respond } });
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ hostname, port, agent: false }).on("error", () => undefined);
    outgoing.end();
    const request = await arrived;
    if (when === "during the answer") {
      request.stdout("Status: 200\r\n\r\nab");
      const [message] = (await once(outgoing, "response")) as [IncomingMessage];
      message.on("error", () => undefined);
    }
    outgoing.destroy();
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
  });

  it("aborts the authorizer too", async () => {
    const { script, arrived } = announcing();
    const { url } = await openStage({ scripts: { 2: script }, routes: { protect: ["/**"] } });
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ hostname, port, agent: false }).on("error", () => undefined);
    outgoing.end();
    const request = await arrived;
    outgoing.destroy();
    expect(["ABORT_REQUEST", "closed"]).toContain(await request.aborted);
  });
});
