import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, Readable } from "node:stream";

import { describe, expect, test } from "vitest";

import { ClientError, FastCgiClient } from "../../src/client/index.js";
import { hex } from "../support/hex.js";
import { Peer, ScriptedApplication } from "../support/scripted-application.js";
import { application, connect, get, hello, useScriptedApplication } from "./support.js";

useScriptedApplication();

describe("the bytes of a request", () => {
  test("are those of a responder on a kept connection", async () => {
    const answer = connect().request({ params: [["A", "b"]], stdin: "hi" });
    const peer = await application.accept();
    expect(await peer.bytes(64)).toEqual(
      hex(`01 01 00 01 00 08 00 00  00 01 01 00 00 00 00 00   # BEGIN_REQUEST: responder, KEEP_CONN
           01 04 00 01 00 04 04 00  01 01 41 62 00 00 00 00   # PARAMS: A=b
           01 04 00 01 00 00 00 00                            # PARAMS end
           01 05 00 01 00 02 06 00  68 69 00 00 00 00 00 00   # STDIN
           01 05 00 01 00 00 00 00                            # STDIN ends`),
    );
    peer.send(
      hex(`01 06 00 01 00 0b 05 00  53 74 61 74 75 73 3a 32 30 34 0a 00 00 00 00 00   # STDOUT: "Status:204\\n"
           01 06 00 01 00 01 00 00  0a                                                # STDOUT: "\\n"
           01 06 00 01 00 00 00 00                                                    # STDOUT ends
           01 03 00 01 00 08 00 00  00 00 00 00 00 00 00 00                           # END_REQUEST`),
    );
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(await response.ended).toEqual({ applicationStatus: 0, protocolStatus: 0 });
  });

  test("are those of an authorizer: PARAMS and an empty STDIN, not kept", async () => {
    const answer = connect({ keepConnection: false }).request({ role: 2, params: [] });
    const peer = await application.accept();
    expect(await peer.bytes(32)).toEqual(
      hex(
        "01 01 00 01 00 08 00 00  00 02 00 00 00 00 00 00  01 04 00 01 00 00 00 00  01 05 00 01 00 00 00 00",
      ),
    );
    peer.answer(1, "Status: 200\r\nVariable-USER: jo\r\n\r\n");
    expect((await answer).headers.get("variable-user")).toBe("jo");
    await peer.closed();
  });

  test("are those of a filter: STDIN, then DATA", async () => {
    const answer = connect().request({
      role: 3,
      params: [],
      stdin: "s",
      data: Readable.from([Buffer.from("da"), Buffer.from("ta")]),
    });
    const peer = await application.accept();
    expect(await peer.bytes(16 + 8 + 16 + 8)).toEqual(
      hex(`01 01 00 01 00 08 00 00  00 03 01 00 00 00 00 00
           01 04 00 01 00 00 00 00
           01 05 00 01 00 01 07 00  73 00 00 00 00 00 00 00
           01 05 00 01 00 00 00 00`),
    );
    const pieces = [await peer.record(), await peer.record(), await peer.record()];
    expect(pieces.map(({ type, content }) => [type, content.toString()])).toEqual([
      [8, "da"],
      [8, "ta"],
      [8, ""],
    ]);
    peer.answer(1, hello);
    expect(await (await answer).text()).toBe("hello");
  });
});

describe("an answer", () => {
  test("has a status, a reason, fields in order, a body and STDERR", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stderr(id, "watch ");
    peer.answer(id, "Set-Cookie: a\nStatus: 404 Not here\nset-cookie: b\n\nbody", { applicationStatus: 3 });
    const response = await answer;
    expect([response.status, response.statusText]).toEqual([404, "Not here"]);
    expect(response.headers.toArray()).toEqual([
      ["Set-Cookie", "a"],
      ["set-cookie", "b"],
    ]);
    expect(response.headers.getAll("SET-COOKIE")).toEqual(["a", "b"]);
    expect(response.headers.get("set-cookie")).toBe("a, b");
    expect([response.headers.has("X"), response.headers.get("X")]).toEqual([false, undefined]);
    expect(await response.text()).toBe("body");
    expect(await response.stderr).toBe("watch ");
    expect(await response.ended).toEqual({ applicationStatus: 3, protocolStatus: 0 });
  });

  test("is available as soon as its header block is, and its body streams", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stdout(id, "Content-Type: text/plain\r\n");
    peer.stdout(id, "\r\nfirst");
    const response = await answer;
    const reader = response.body.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("first");
    const next = reader.read();
    peer.stdout(id, "second");
    expect(Buffer.from((await next).value!).toString()).toBe("second");
    peer.end(id);
    expect((await reader.read()).done).toBe(true);
  });

  test("can be read in one way only", async () => {
    const client = connect();
    const respond = async (): Promise<void> => {
      const peer = await application.accept();
      for (let count = 0; count < 2; count += 1) peer.answer(await peer.request(), hello);
    };
    const responding = respond();
    const collected = await client.request(get);
    await collected.bytes();
    expect(() => collected.body).toThrow(TypeError);
    await expect(collected.text()).rejects.toThrow(TypeError);
    const streamed = await client.request(get);
    await streamed.body.cancel();
    await expect(streamed.bytes()).rejects.toThrow(TypeError);
    await responding;
  });

  test("is not collected above a limit", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    peer.answer(await peer.request(), hello);
    await expect((await answer).bytes({ limit: 4 })).rejects.toMatchObject({ code: "ERR_CLIENT_LIMIT" });
  });

  test("is all body in a role without a CGI header block", async () => {
    const answer = connect().request({ role: 99, params: [], stdin: "log", raw: true });
    const peer = await application.accept();
    peer.answer(await peer.request(), "no header");
    const response = await answer;
    expect([response.status, response.headers.length, await response.text()]).toEqual([0, 0, "no header"]);
  });

  test("of a role without a header block may be empty", async () => {
    const answer = connect().request({ role: 99, params: [], raw: true });
    const peer = await application.accept();
    peer.end(await peer.request(), { applicationStatus: 5 });
    const response = await answer;
    expect([await response.text(), (await response.ended).applicationStatus]).toEqual(["", 5]);
  });

  test("keeps a limited amount of STDERR", async () => {
    const answer = connect({ limits: { stderrBytes: 10 } }).request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stderr(id, "12345678");
    peer.stderr(id, "90abcdef");
    peer.answer(id, hello);
    expect(await (await answer).stderr).toBe("1234567890");
  });

  test("may arrive before the request's body is sent, which is then cancelled", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      cancel: () => {
        cancelled = true;
      },
    });
    const client = connect();
    const answer = client.request({ params: get.params, stdin: endless });
    const peer = await application.accept();
    const { id } = await peer.recordOf(1);
    peer.answer(id, hello);
    expect(await (await answer).text()).toBe("hello");
    expect(cancelled).toBe(true);
    // The stream is still closed, so the connection can be used again, with the same id.
    expect(await peer.recordOf(5)).toMatchObject({ id, content: Buffer.alloc(0) });
    const second = client.request(get);
    expect(await peer.request()).toBe(id);
    peer.answer(id, hello);
    expect((await second).status).toBe(200);
  });
});

describe("an answer that cannot be used", () => {
  test.each([
    ["OVERLOADED", 2, "ERR_CLIENT_OVERLOADED"],
    ["UNKNOWN_ROLE", 3, "ERR_CLIENT_UNKNOWN_ROLE"],
    ["CANT_MPX_CONN", 1, "ERR_CLIENT_CANT_MPX"],
    ["an unknown protocol status", 9, "ERR_CLIENT_PROTOCOL_STATUS"],
  ])("is %s without output", async (_name, protocolStatus, code) => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stderr(id, "why");
    peer.end(id, { protocolStatus });
    await expect(answer).rejects.toMatchObject({ code, stderr: "why", fault: "remote" });
  });

  test("is accepted when there is output", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    peer.answer(await peer.request(), "Status: 503\n\nbusy", { protocolStatus: 2 });
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([503, "busy"]);
    expect(await response.ended).toEqual({ applicationStatus: 0, protocolStatus: 2 });
  });

  test.each([
    ["no output at all", ""],
    ["no blank line", "Status: 200\r\n"],
    ["a stack trace", "Error: boom\n    at x\n\n"],
  ])("has %s", async (_name, text) => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stderr(id, "boom");
    peer.answer(id, text);
    const error: unknown = await answer.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      code: "ERR_CLIENT_RESPONSE_HEADER",
      stderr: "boom",
      cause: { code: "ERR_FCGI_RESPONSE_HEADER" },
    });
  });

  test("leaves a kept connection usable if only its header block is malformed", async () => {
    const client = connect({ maxConnections: 1 });
    const bad = client.request(get);
    const peer = await application.accept();
    peer.stdout(await peer.request(), "no colon\n\nbody");
    await expect(bad).rejects.toMatchObject({ code: "ERR_CLIENT_RESPONSE_HEADER" });
    const { id } = await peer.recordOf(2);
    peer.stdout(id, "more of it");
    peer.end(id);
    const good = client.request(get);
    peer.answer(await peer.request(), hello);
    expect(await (await good).text()).toBe("hello");
    expect(application.connections).toBe(1);
  });

  test("is aborted before its header block", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stderr(id, "dying");
    peer.stdout(id, "Status: 200\r\n");
    await once(peer.stream.end(), "finish");
    await expect(answer).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED", stderr: "dying" });
  });

  test("is aborted in its body, even if STDOUT was closed", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stdout(id, hello);
    peer.stdout(id, "");
    const response = await answer;
    peer.close();
    await expect(response.text()).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED" });
    await expect(response.ended).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED" });
    expect(await response.stderr).toBe("");
  });

  test("violates the protocol", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    await peer.request();
    peer.send(hex("02 06 00 01 00 00 00 00"));
    await expect(answer).rejects.toMatchObject({
      code: "ERR_CLIENT_PROTOCOL",
      cause: { code: "ERR_FCGI_VERSION" },
    });
    await peer.closed();
  });
});

describe("an answer with a Content-Length", () => {
  const fiveBytes = "Content-Length: 5\r\n\r\n";

  test.each([
    ["too short", "hell", 0],
    ["empty", "", 0],
    ["too short, of an application that gave it up", "hell", 1],
    ["too long", "hello!", 0],
  ])("fails if its body is %s", async (_name, body, applicationStatus) => {
    const client = connect();
    const answer = client.request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stderr(id, "why");
    peer.answer(id, fiveBytes + body, { applicationStatus });
    const response = await answer;
    const error: unknown = await response.text().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ERR_CLIENT_RESPONSE_LENGTH", fault: "remote", stderr: "why" });
    await expect(response.ended).rejects.toBe(error);
    // The connection is still usable.
    const next = client.request(get);
    peer.answer(await peer.request(), fiveBytes + "hello");
    expect(await (await next).text()).toBe("hello");
    expect(application.connections).toBe(1);
  });

  test("is aborted if its body exceeds it", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stdout(id, fiveBytes + "hello");
    const reader = (await answer).body.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("hello");
    const more = expect(reader.read()).rejects.toMatchObject({ code: "ERR_CLIENT_RESPONSE_LENGTH" });
    peer.stdout(id, "hello");
    await more;
    expect(await peer.recordOf(2)).toMatchObject({ id });
  });

  test.each([
    ["HEAD", "Status: 200\r\n"],
    ["GET", "Status: 304\r\n"],
    ["GET", "Status: 204\r\n"],
  ])("has no body for %s if it begins with %j", async (method, head) => {
    const answer = connect().request({ params: { REQUEST_METHOD: method } });
    const peer = await application.accept();
    peer.answer(await peer.request(), head + fiveBytes);
    expect(await (await answer).text()).toBe("");
  });

  test.each(["five", "5, 5", "-5"])("of %j is refused", async (length) => {
    const answer = connect().request(get);
    const peer = await application.accept();
    peer.answer(await peer.request(), `Content-Length: ${length}\r\n\r\nhello`);
    await expect(answer).rejects.toMatchObject({ code: "ERR_CLIENT_RESPONSE_HEADER" });
  });
});

test("with a status up to 999 is passed on", async () => {
  const answer = connect().request(get);
  const peer = await application.accept();
  peer.answer(await peer.request(), "Status: 999 Beyond\r\n\r\n");
  expect(await answer).toMatchObject({ status: 999, statusText: "Beyond" });
});

describe("a connection", () => {
  test("is kept for the next request, with the same id", async () => {
    const client = connect();
    const answers = async (peer: Peer): Promise<void> => {
      for (let round = 0; round < 3; round += 1) peer.answer(await peer.request(), `A: ${round}\n\n`);
    };
    const answering = application.accept().then(answers);
    for (let round = 0; round < 3; round += 1) {
      const response = await client.request(get);
      expect(response.headers.get("a")).toBe(`${round}`);
      await response.ended;
    }
    await answering;
    expect(application.connections).toBe(1);
  });

  test("is closed after the answer if it is not kept alive", async () => {
    const client = connect({ keepConnection: false });
    for (let round = 0; round < 2; round += 1) {
      const answer = client.request(get);
      const peer = await application.accept();
      peer.answer(await peer.request(), hello);
      expect(await (await answer).text()).toBe("hello");
      await peer.closed();
    }
    expect(application.connections).toBe(2);
  });

  test("that the application closed is replaced, and the request sent once more", async () => {
    const client = connect();
    const first = client.request({ ...get, stdin: "body" });
    const old = await application.accept();
    old.answer(await old.request(), hello);
    await (await first).text();
    const second = client.request({ ...get, stdin: "body" });
    await old.request();
    old.close();
    const fresh = await application.accept();
    await fresh.recordOf(1);
    expect((await fresh.recordOf(5)).content.toString()).toBe("body");
    fresh.answer(1, hello);
    expect(await (await second).text()).toBe("hello");
  });

  test.each([
    ["POST may have been carried out", { params: { REQUEST_METHOD: "POST" }, stdin: "body" }],
    ["a stream cannot be sent again", { params: get.params, stdin: Readable.from([Buffer.from("body")]) }],
  ])("that the application closed fails the request if %s", async (_name, request) => {
    const client = connect();
    const first = client.request(get);
    const peer = await application.accept();
    peer.answer(await peer.request(), hello);
    await (await first).text();
    const second = client.request(request);
    await peer.recordOf(1);
    peer.close();
    await expect(second).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED" });
    expect(application.connections).toBe(1);
  });

  test("that closes after the answer has begun is not retried", async () => {
    const client = connect();
    const first = client.request(get);
    const peer = await application.accept();
    peer.answer(await peer.request(), hello);
    await (await first).text();
    const second = client.request(get);
    const id = await peer.request();
    peer.stderr(id, "x");
    await once(peer.stream.end(), "finish");
    await expect(second).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED", stderr: "x" });
  });

  test("is closed after being idle", async () => {
    const answer = connect({ timeouts: { idle: 1 } }).request(get);
    const peer = await application.accept();
    peer.answer(await peer.request(), hello);
    await (await answer).text();
    await peer.closed();
  });

  test("takes one request at a time, and others wait or get another one", async () => {
    const client = connect({ maxConnections: 2 });
    const answers = ["1", "2", "3"].map((name) => client.request({ params: { name } }));
    const [first, second] = [await application.accept(), await application.accept()];
    await second.request();
    first.answer(await first.request(), hello);
    expect((await answers[0]!).status).toBe(200);
    first.answer(await first.request(), "Status: 202\n\n");
    expect((await answers[2]!).status).toBe(202);
    second.answer(1, "Status: 201\n\n");
    expect((await answers[1]!).status).toBe(201);
    expect(application.connections).toBe(2);
  });

  test("uses a unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tricorn-"));
    const path = join(folder, "app.sock");
    const unix = await ScriptedApplication.listen(path);
    const client = new FastCgiClient({ address: { path }, multiplex: false });
    const answer = client.request(get);
    const peer = await unix.accept();
    peer.answer(await peer.request(), hello);
    expect(await (await answer).text()).toBe("hello");
    await client.close();
    await unix.close();
    await rm(folder, { recursive: true });
  });

  test("uses any duplex stream", async () => {
    const [ours, theirs] = streamPair();
    const client = new FastCgiClient({ connect: () => ours, multiplex: false });
    const peer = new Peer(theirs);
    const answer = client.request({ ...get, stdin: "x".repeat(200_000) });
    let length = 0;
    for (;;) {
      const { type, content } = await peer.record();
      if (type !== 5) continue;
      if (content.length === 0) break;
      length += content.length;
    }
    expect(length).toBe(200_000);
    peer.answer(1, hello);
    expect(await (await answer).text()).toBe("hello");
    await client.close();
    await peer.closed();
  });
});

describe("a connection that fails", () => {
  test("fails the request", async () => {
    const gone = await ScriptedApplication.listen();
    const { port } = gone;
    await gone.close();
    const client = new FastCgiClient({ address: port });
    await expect(client.request(get)).rejects.toMatchObject({
      code: "ERR_CLIENT_CONNECT",
      message: expect.stringContaining(`Cannot connect to 127.0.0.1:${port}: `) as string,
      cause: { code: "ECONNREFUSED" },
    });
  });

  test("fails every waiting request", async () => {
    const client = new FastCgiClient({
      connect: () => Promise.reject(new Error("no route")),
      maxConnections: 1,
    });
    const results = await Promise.allSettled([client.request(get), client.request(get), client.values()]);
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "ERR_CLIENT_CONNECT" } });
    }
  });

  test("fails the request when it takes too long", async () => {
    const client = new FastCgiClient({ connect: () => new Promise(() => {}), timeouts: { connect: 5 } });
    await expect(client.request(get)).rejects.toMatchObject({ code: "ERR_CLIENT_TIMEOUT" });
  });

  test("fails the request if the stream is already closed", async () => {
    const [ours] = streamPair();
    ours.destroy();
    const client = new FastCgiClient({ connect: () => ours });
    await expect(client.request(get)).rejects.toMatchObject({ code: "ERR_CLIENT_CONNECT" });
  });
});

test.each([
  ["a DATA stream for a responder", { params: [], data: "x" }, TypeError],
  ["a STDIN for an authorizer", { role: 2, params: [], stdin: "x" }, TypeError],
  ["a role beyond 16 bits", { role: 65_536, params: [] }, RangeError],
])("%s is refused", async (_name, request, kind) => {
  await expect(connect().request(request)).rejects.toThrow(kind);
  expect(application.connections).toBe(0);
});

test.each([
  ["fd:0", { address: "fd:0" }],
  ["port 0", { address: "127.0.0.1:0" }],
  ["no connections", { address: 9000, maxConnections: 0 }],
  ["a time-out of 0", { address: 9000, timeouts: { response: 0 } }],
])("a client with %s is refused", (_name, options) => {
  expect(() => new FastCgiClient(options)).toThrow(expect.objectContaining({ fault: "local" }));
});

/** Two streams, each of which reads the other's output. */
function streamPair(): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        other().push(chunk);
        setImmediate(done);
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const ours: Duplex = make(() => theirs);
  const theirs: Duplex = make(() => ours);
  return [ours, theirs];
}
