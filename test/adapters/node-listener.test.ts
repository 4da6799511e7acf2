import { createReadStream, writeFileSync } from "node:fs";
import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { nodeListener, requestOf, type NodeListener } from "tricorn/adapters";
import { describe, expect, test, vi } from "vitest";

import { INTERNAL_ERROR } from "../support/answer.js";
import { begin, get, params } from "../support/records.js";
import { deferred, responder, serveDefinitions, temporaryFolder, turns } from "../support/served.js";
import { CountedUpload, fieldsOf, mebibytes, serveHandlers } from "./support.js";

const serveListener = (listener: NodeListener) => serveHandlers(nodeListener(listener));

describe("The request of a listener", () => {
  test("is an IncomingMessage with what the Web server sent", async () => {
    let seen: Record<string, unknown> = {};
    const { visit } = await serveListener((request, response) => {
      const { method, url, httpVersion, headers, rawHeaders, socket } = request;
      const { remoteAddress, remotePort, remoteFamily, localPort } = socket;
      const { encrypted } = socket as unknown as { encrypted: boolean };
      const isReal = request instanceof IncomingMessage && response instanceof ServerResponse;
      seen = { isReal, method, url, httpVersion, headers, rawHeaders, encrypted };
      Object.assign(seen, { remoteAddress, remotePort, remoteFamily, localPort });
      Object.assign(seen, { distinct: request.headersDistinct["x-thing"], user: requestOf(request)?.path });
      response.end();
    });
    await visit("/a//b/../c?x=%20", {
      method: "PROPFIND",
      headers: { "X-Thing": "caf\u00e9", Cookie: "a=b" },
      params: { HTTPS: "on", REMOTE_ADDR: "2001:db8::1", REMOTE_PORT: "50123", SERVER_PORT: "443" },
    });
    expect(seen).toEqual({
      isReal: true,
      method: "PROPFIND",
      url: "/a/c?x=%20",
      httpVersion: "1.1",
      headers: { host: "localhost", "x-thing": "caf\u00c3\u00a9", cookie: "a=b" },
      rawHeaders: ["host", "localhost", "x-thing", "caf\u00c3\u00a9", "cookie", "a=b"],
      encrypted: true,
      remoteAddress: "2001:db8::1",
      remotePort: 50123,
      remoteFamily: "IPv6",
      localPort: 443,
      distinct: ["caf\u00c3\u00a9"],
      user: "/a/c",
    });
  });

  test("that came over HTTP is not associated with a Tricorn request", () => {
    expect(requestOf(new IncomingMessage(null as never))).toBeUndefined();
  });

  test("has its body as a stream that waits for its reader", async () => {
    const upload = new CountedUpload(mebibytes(10));
    const read = deferred();
    const { open } = await serveListener((request, response) => {
      void read.promise.then(async () => {
        let bytes = 0;
        for await (const piece of request as AsyncIterable<Buffer>) bytes += piece.length;
        response.end(String(bytes));
      });
    });
    const answer = open("/", { method: "POST", stdin: upload });
    await upload.stands();
    // Some of it waits in buffers; most of it was not even made.
    expect(upload.sent).toBeLessThan(4 * 1024 * 1024);
    read.resolve();
    expect(await (await answer).text()).toBe(String(10 * 1024 * 1024));
  });

  test("stops being read while its reader pauses", async () => {
    const upload = new CountedUpload(mebibytes(10));
    const read = deferred();
    const { open } = await serveListener((request, response) => {
      let bytes = 0;
      request.on("data", (piece: Buffer) => {
        if (bytes === 0) {
          request.pause();
          void read.promise.then(() => request.resume());
        }
        bytes += piece.length;
      });
      request.on("end", () => response.end(String(bytes)));
    });
    const answer = open("/", { method: "POST", stdin: upload });
    await upload.stands();
    expect(upload.sent).toBeLessThan(4 * 1024 * 1024);
    read.resolve();
    expect(await (await answer).text()).toBe(String(10 * 1024 * 1024));
  });

  test("whose body differs from its announced length fails, and can still be answered", async () => {
    const { visit } = await serveListener((request, response) => {
      let aborted = 0;
      request.on("aborted", () => (aborted += 1));
      request.on("data", () => {});
      request.on("error", (error: Error & { code?: string }) => {
        response.statusCode = 400;
        response.end(`${error.code} ${request.complete} ${aborted}`);
      });
    });
    const answer = await visit("/", { method: "POST", body: "abc", headers: { "Content-Length": "5" } });
    expect([answer.status, answer.text]).toEqual([400, "ERR_BODY_LENGTH false 1"]);
  });

  test("ends and closes when it was answered, even if its body was not read", async () => {
    const events: string[] = [];
    const closed = deferred();
    const { visit } = await serveListener((request, response) => {
      for (const name of ["end", "close", "aborted", "error"]) request.on(name, () => events.push(name));
      request.on("close", () => closed.resolve());
      response.end("ok");
    });
    await visit("/");
    await closed.promise;
    expect(events).toEqual(["end", "close"]);
  });
});

describe("The response of a listener", () => {
  test("with a complete body is one record with its length, and no type unless the listener sets one", async () => {
    const { visit } = await serveListener((_request, response) => {
      response.setHeader("Set-Cookie", ["a=1", "b=2"]);
      response.setHeader("Connection", ["close", "X-Listed"]);
      response.setHeader("X-Listed", "1");
      response.writeHead(201, { "Keep-Alive": "timeout=5", Trailer: "X", "X-Number": 7 });
      response.end("caf\u00e9");
    });
    const answer = await visit("/");
    expect([answer.status, answer.text]).toEqual([201, "caf\u00e9"]);
    expect(answer.headers.toArray()).toEqual([
      ["Content-Length", "5"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["X-Number", "7"],
    ]);
  });

  test.each<[string, NodeListener, Record<string, string>]>([
    ["an object", (_, response) => response.writeHead(200, { "X-A": "1" }).end("x"), { "x-a": "1" }],
    [
      "a reason and an object",
      (_, response) => response.writeHead(200, "Fine", { "X-A": "1" }).end("x"),
      { "x-a": "1" },
    ],
    [
      "a flat list",
      (_, response) => response.writeHead(200, ["X-A", "1", "X-B", "2"]).end("x"),
      { "x-a": "1", "x-b": "2" },
    ],
    [
      "pairs",
      (_, response) =>
        response
          .writeHead(200, [
            ["X-A", "1"],
            ["X-B", "2"],
          ] as never)
          .end("x"),
      { "x-a": "1", "x-b": "2" },
    ],
    [
      "fields beside those that were set",
      (_, response) => response.setHeader("X-Set", "0").writeHead(200, { "X-A": "1" }).end("x"),
      { "x-set": "0", "x-a": "1" },
    ],
  ])("accepts the fields of writeHead as %s", async (_name, listener, expected) => {
    const { visit } = await serveListener(listener);
    expect(fieldsOf(await visit("/"))).toEqual({ "content-length": "1", ...expected });
  });

  test("is not chunked, even if the listener asks for it", async () => {
    const { visit } = await serveListener((_request, response) => {
      response.chunkedEncoding = true;
      response.write("a");
      response.end("b");
    });
    expect((await visit("/")).text).toBe("ab");
  });

  test("emits finish and close, once each and in this order", async () => {
    const events: string[] = [];
    const closed = deferred();
    const { visit } = await serveListener((_request, response) => {
      for (const name of ["prefinish", "finish", "close", "error"])
        response.on(name, () => events.push(name));
      response.on("close", () => closed.resolve());
      expect([response.headersSent, response.writableEnded]).toEqual([false, false]);
      response.end("ok", () => events.push("ended"));
      expect([response.headersSent, response.writableEnded, response.writableFinished]).toEqual([
        true,
        true,
        true,
      ]);
    });
    await visit("/");
    await closed.promise;
    // Node.js 26 calls back first.
    expect(events[0]).toBe("prefinish");
    expect([events.slice(1, 3).sort(), events.slice(3)]).toEqual([["ended", "finish"], ["close"]]);
  });

  test("is streamed as it is written, in every encoding", async () => {
    const { visit } = await serveListener((_request, response) => {
      response.write("caf\u00e9 ");
      response.write("636166e9", "hex");
      setImmediate(() => {
        response.write("\u00e9", "latin1");
        response.end(Buffer.from(" end"));
      });
    });
    const { bytes, headers } = await visit("/");
    expect(bytes).toEqual(Buffer.from("636166c3a920636166e9e920656e64", "hex"));
    expect(headers.has("content-length")).toBe(false);
  });

  test("sends its head when flushed, before there is a body", async () => {
    const go = deferred();
    const { open } = await serveListener((_request, response) => {
      response.setHeader("Content-Type", "text/event-stream");
      response.flushHeaders();
      void go.promise.then(() => response.end("data: 1\n\n"));
    });
    const answer = await open("/");
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    go.resolve();
    expect(await answer.text()).toBe("data: 1\n\n");
  });

  test.each<[string, number, number | undefined]>([
    ["HEAD", 200, 5],
    ["GET", 204, undefined],
    ["GET", 304, undefined],
  ])("to %s with status %i has no body", async (method, status, length) => {
    const { visit } = await serveListener((_request, response) => {
      response.statusCode = status;
      if (length !== undefined) response.setHeader("Content-Length", length);
      response.write("he");
      response.end("llo");
    });
    const answer = await visit("/", { method });
    expect([answer.status, answer.text, answer.headers.get("content-length")]).toEqual([
      status,
      "",
      length === undefined ? undefined : String(length),
    ]);
  });

  test("to HEAD has no length if the listener did not set one", async () => {
    const { visit } = await serveListener((_request, response) => response.end());
    expect((await visit("/", { method: "HEAD" })).headers.has("content-length")).toBe(false);
    expect((await visit("/")).headers.get("content-length")).toBe("0");
  });

  test("accepts interim answers and omits them", async () => {
    const { visit } = await serveListener((_request, response) => {
      response.writeContinue();
      response.writeProcessing();
      response.writeEarlyHints({ link: "</a.css>; rel=preload" }, () => response.end("final"));
    });
    const answer = await visit("/");
    expect([answer.status, answer.text, answer.headers.has("link")]).toEqual([200, "final", false]);
  });

  test("ignores writes after its end", async () => {
    const failed = deferred<Error & { code?: string }>();
    const { visit } = await serveListener((_request, response) => {
      response.on("error", failed.resolve);
      response.end("all");
      response.write("more");
    });
    expect((await visit("/")).text).toBe("all");
    expect((await failed.promise).code).toBe("ERR_STREAM_WRITE_AFTER_END");
  });

  test("refuses header injection before anything is sent", async () => {
    const { visit } = await serveListener((_request, response) => {
      const refused = ["a\r\nSet-Cookie: x=1", "a\nb", "a\0"].map((value) => {
        try {
          response.setHeader("X-A", value);
          return "taken";
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      expect(() => response.setHeader("X: y\r\nZ", "1")).toThrow(TypeError);
      response.end(refused.join(" "));
    });
    const answer = await visit("/");
    expect(answer.text).toBe("ERR_INVALID_CHAR ERR_INVALID_CHAR ERR_INVALID_CHAR");
    expect(fieldsOf(answer)).toEqual({ "content-length": "50" });
  });

  test.each<[string, (response: ServerResponse) => void, string]>([
    [
      "has the Web server send a file",
      (response) => response.setHeader("X-Accel-Redirect", "/etc/passwd"),
      "HeaderError",
    ],
    [
      "gives writeHead a field without a value",
      (response) => response.writeHead(200, { "X-A": undefined }),
      "TypeError",
    ],
    ["sets a Status field", (response) => response.setHeader("Status", "200"), "HeaderError"],
    [
      "is larger than Web servers take",
      (response) => response.setHeader("X-A", "a".repeat(9000)),
      "HeaderError",
    ],
    ["has an interim status", (response) => response.writeHead(101), "RangeError"],
    ["is shorter than its length", (response) => response.setHeader("Content-Length", 5), "ReplyLengthError"],
    ["is longer than its length", (response) => response.setHeader("Content-Length", 1), "ReplyLengthError"],
  ])("is a 500 and a log line if it %s", async (_name, prepare, type) => {
    const { visit, log } = await serveListener((_request, response) => {
      prepare(response);
      response.end("abc");
    });
    const answer = await visit("/");
    expect([answer.status, answer.text]).toEqual([500, INTERNAL_ERROR]);
    expect(log.find(({ level }) => level === 50)?.err?.type).toBe(type);
  });

  test.each<[string, OutgoingHttpHeaders | string[]]>([
    ["without a value", { "X-A": undefined }],
    ["with a line break", { "X-A": "a\r\nX-B: b" }],
    ["with a line break in one of several values", { "X-A": ["a", "b\n"] }],
    ["beyond Latin-1, in a list", ["X-A", "\u0100"]],
    ["with an invalid name", { "X A": "a" }],
  ])("may answer differently if writeHead() refuses a field %s", async (_name, fields) => {
    const { visit } = await serveListener((_request, response) => {
      try {
        response.writeHead(200, fields as OutgoingHttpHeaders);
      } catch (error) {
        response.statusCode = 422;
        response.end(`${(error as NodeJS.ErrnoException).code?.slice(0, 9)} ${response.headersSent}`);
      }
    });
    const answer = await visit("/");
    expect([answer.status, answer.text]).toEqual([422, expect.stringMatching(/^ERR_(HTTP_|INVAL) false$/)]);
  });

  test("is visibly aborted if a stream is shorter than its length", async () => {
    const { open, log } = await serveListener((_request, response) => {
      response.setHeader("Content-Length", 10);
      response.write("abc");
      setImmediate(() => response.end("d"));
    });
    await expect((await open("/")).text()).rejects.toMatchObject({ name: "ClientError" });
    expect(log.find(({ level }) => level === 50)?.err?.type).toBe("ReplyLengthError");
  });

  test("has its writer wait for a slow reader, and emits drain when it may continue", async () => {
    const file = join(temporaryFolder(), "large");
    writeFileSync(file, Buffer.alloc(10 * 1024 * 1024, "x"));
    const source = createReadStream(file);
    const done = deferred<unknown>();
    const { open } = await serveListener((_request, response) => {
      pipeline(source, response, done.resolve);
    });
    const answer = await open("/");
    for (let before = -1; before !== source.bytesRead; await turns(50)) before = source.bytesRead;
    expect(source.bytesRead).toBeLessThan(4 * 1024 * 1024);
    expect((await answer.bytes()).length).toBe(10 * 1024 * 1024);
    expect(await done.promise).toBeUndefined();
  });

  test("returns false from write() when full, and emits drain when not", async () => {
    const told: boolean[] = [];
    const { visit } = await serveListener((_request, response) => {
      told.push(response.write("a"), response.writableNeedDrain);
      told.push(response.write(Buffer.alloc(256 * 1024)), response.writableNeedDrain);
      response.once("drain", () => {
        told.push(response.writableNeedDrain);
        response.end("z");
      });
    });
    expect((await visit("/")).bytes.length).toBe(256 * 1024 + 2);
    expect(told).toEqual([true, false, false, true, false]);
  });

  test("emits no drain after its end", async () => {
    const drained = vi.fn<() => void>();
    const { visit } = await serveListener((_request, response) => {
      response.on("drain", drained);
      response.write(Buffer.alloc(256 * 1024));
      response.end("z");
    });
    expect((await visit("/")).bytes.length).toBe(256 * 1024 + 1);
    expect(drained).not.toHaveBeenCalled();
  });
});

describe("A listener that fails", () => {
  test.each<[string, NodeListener]>([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
    [
      "destroys its response with an error",
      (_request, response) => void response.destroy(new Error("broken")),
    ],
    ["destroys its request with an error", (request) => void request.destroy(new Error("broken"))],
  ])("and %s is answered with 500 and logged", async (_name, listener) => {
    const { visit, log } = await serveListener(listener);
    expect((await visit("/")).status).toBe(500);
    const lines = log.filter(({ level }) => level === 50);
    expect(lines.map(({ err }) => err?.message)).toEqual(["broken"]);
  });

  test("after its answer has begun aborts it", async () => {
    const { open, log } = await serveListener(async (_request, response) => {
      response.write("abc");
      await turns(2);
      throw new Error("broken");
    });
    await expect((await open("/")).text()).rejects.toMatchObject({ name: "ClientError" });
    expect(log.find(({ level }) => level === 50)?.err?.message).toBe("broken");
  });

  test("after it has answered is logged, and the answer is kept", async () => {
    const { visit, log } = await serveListener((_request, response) => {
      response.end("done");
      throw new Error("too late");
    });
    expect((await visit("/")).text).toBe("done");
    expect(log.find(({ level }) => level === 50)?.err?.message).toBe("too late");
  });

  test("to answer at all is answered by the time limit, and its response closes", async () => {
    const closed = deferred<string>();
    const { visit } = await serveHandlers(
      nodeListener((request, response) => {
        response.on("close", () => closed.resolve(`${request.aborted} ${response.destroyed}`));
      }),
      { dispatcher: { timeouts: { handler: 50 } } },
    );
    expect((await visit("/")).status).toBe(504);
    expect(await closed.promise).toBe("true true");
  });
});

test("A listener is notified when the Web server aborts: request, response and socket close", async () => {
  const events: string[] = [];
  const [began, over] = [deferred(), deferred()];
  const { open } = await serveListener((request, response) => {
    request.on("aborted", () => events.push("request aborted"));
    request.on("close", () => events.push("request close"));
    request.socket.on("close", () => events.push("socket close"));
    response.on("close", () => {
      events.push(`response close ${response.writableFinished}`);
      setImmediate(over.resolve);
    });
    response.on("finish", () => events.push("finish"));
    response.write("first");
    began.resolve();
  });
  const controller = new AbortController();
  const answer = await open("/", { signal: controller.signal });
  await began.promise;
  controller.abort(new Error("gone"));
  await expect(answer.text()).rejects.toThrow("gone");
  await over.promise;
  expect(events.sort()).toEqual(
    ["request aborted", "request close", "response close false", "socket close"].sort(),
  );
});

test("A response that was ended but not delivered before its client left closes without finish", async () => {
  const events: string[] = [];
  const [began, over] = [deferred(), deferred()];
  const { open } = await serveListener((_request, response) => {
    response.on("finish", () => events.push("finish"));
    response.on("close", () => {
      events.push("close");
      setImmediate(over.resolve);
    });
    for (let piece = 0; piece < 160; piece += 1) response.write(Buffer.alloc(64 * 1024));
    response.end();
    began.resolve();
  });
  const controller = new AbortController();
  const answer = await open("/", { signal: controller.signal });
  await began.promise;
  await turns();
  expect(events).toEqual([]);
  controller.abort(new Error("gone"));
  await expect(answer.bytes()).rejects.toThrow("gone");
  await over.promise;
  expect(events).toEqual(["close"]);
});

test("A listener notices that the Web server has sent its last byte, and can still answer it", async () => {
  const seen: string[] = [];
  const began = deferred();
  const { connect } = await serveDefinitions([
    nodeListener((request, response) => {
      request.on("aborted", () => seen.push("aborted"));
      response.on("close", () => {
        seen.push("close");
        response.end("answer");
      });
      began.resolve();
    }),
  ]);
  const peer = (await connect()).send(get(1, "/"));
  await began.promise;
  peer.end();
  expect((await peer.answer(1)).text).toBe("answer");
  expect(seen).toEqual(["aborted", "close"]);
});

test("A listener whose answer middleware did not await is closed", async () => {
  const closed = deferred<boolean>();
  const { visit } = await serveHandlers(
    nodeListener((_request, response) => {
      response.on("close", () => closed.resolve(response.destroyed));
    }),
    {
      dispatcher: {
        middleware: [
          (_request, next) => {
            next().catch(() => {});
            return "mine";
          },
        ],
      },
    },
  );
  expect((await visit("/")).text).toBe("mine");
  expect(await closed.promise).toBe(true);
});

describe("A listener among controllers", () => {
  const own = responder({ "GET /own": () => "own", "GET /app/own": () => "own below" });
  const below = nodeListener((request, response) => response.end(request.url), { path: "/app" });

  test("receives all methods below its path, and routes take precedence", async () => {
    const { visit } = await serveHandlers([own, below]);
    const answers = await Promise.all(
      ["/own", "/app", "/app/x/y?z", "/app/own", "/application"].map(
        async (path) => (await visit(path)).text,
      ),
    );
    expect(answers.slice(0, 4)).toEqual(["own", "/app", "/app/x/y?z", "own below"]);
    expect(JSON.parse(answers[4]!)).toMatchObject({ status: 404 });
    expect((await visit("/app/own", { method: "DELETE" })).text).toBe("/app/own");
    expect((await visit("/own", { method: "DELETE" })).status).toBe(405);
    expect((await visit("/app/%")).status).toBe(400);
  });

  test("has its replies pass through the middleware of the application", async () => {
    const middleware = [
      async (_request: unknown, next: () => Promise<import("tricorn").Reply>) => {
        const reply = await next();
        reply.headers.set("X-Seen", String(reply.status));
        return reply;
      },
    ];
    const { visit } = await serveHandlers(
      nodeListener((_request, response) => response.writeHead(404).end("none")),
      { dispatcher: { middleware } },
    );
    expect(fieldsOf(await visit("/"))).toEqual({ "content-length": "4", "x-seen": "404" });
  });
});

test("A listener that answers because the client has left is not a failure", async () => {
  const { connect, log, server } = await serveDefinitions([
    nodeListener((request, response) => {
      // As the last handler of Express does, which waits for the end of an upload.
      request.socket.once("close", () => response.writeHead(404).end());
      request.resume();
    }),
  ]);
  const peer = await connect();
  peer.send(begin(1), params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/", CONTENT_LENGTH: "9" }));
  await peer.roundTrip();
  peer.end();
  await peer.closed();

  expect([server.activeRequests, log.filter(({ level }) => level >= 50)]).toEqual([0, []]);
});
