import { once } from "node:events";
import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectByTls } from "node:tls";

import { describe, expect, onTestFinished, test } from "vitest";

import { Server } from "../../src/server/server.js";
import { encodeRecord } from "../../src/protocol/record.js";

const sentence =
  "This address speaks FastCGI, not HTTP: put a Web server in front of it (see `tricorn config nginx`), " +
  'or the gateway of "tricorn/gateway".\n';

interface Line {
  readonly code: string;
  readonly error: string;
}

/** A server that logs why it closes a connection. */
async function listen(): Promise<{ readonly port: number; readonly lines: Line[] }> {
  const lines: Line[] = [];
  const log = { warn: (line: Line) => lines.push(line) };
  const server = new Server({ begin: () => undefined } as never, {
    log: log as never,
    timeouts: { shutdown: 0 },
  });
  await server.listen(0);
  onTestFinished(() => server.close());
  return { port: server.port!, lines };
}

async function send(socket: Socket, ...chunks: readonly (string | Buffer)[]): Promise<string> {
  await once(socket, "connect");
  for (const chunk of chunks) socket.write(chunk);
  return text(socket);
}

describe("HTTP sent to a FastCGI address", () => {
  test("is answered with a sentence that an HTTP client shows", async () => {
    const { port, lines } = await listen();
    const [response] = (await once(get({ port, host: "127.0.0.1" }), "response")) as [
      NodeJS.ReadableStream & { readonly statusCode: number },
    ];
    expect([response.statusCode, await text(response)]).toEqual([400, sentence]);
    expect(lines).toEqual([
      {
        code: "ERR_FCGI_VERSION",
        error:
          "ProtocolError: Cannot read record: the peer speaks HTTP, expected FastCGI; put a Web server in between",
      },
    ]);
  });

  test.each(["GET", "POST", "OPTIONS", "PROPFIND", "PRI", "VERSION-CONTROL".slice(0, 7)])(
    "is answered for %s",
    async (method) => {
      const { port } = await listen();
      const answer = await send(connect(port, "127.0.0.1"), `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(answer.endsWith(`\r\n\r\n${sentence}`)).toBe(true);
    },
  );

  test("is answered without a body for HEAD", async () => {
    const { port } = await listen();
    const answer = await send(connect(port, "127.0.0.1"), "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*\r\n\r\n$/);
  });
});

test("TLS is not answered, and the log names it", async () => {
  const { port, lines } = await listen();
  const socket = connectByTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "error");
  expect(lines).toMatchObject([{ error: expect.stringContaining("the peer speaks TLS") as string }]);
});

test.each([
  ["another version", Buffer.from([2, 1, 0, 1, 0, 0, 0, 0])],
  ["other text", Buffer.from("hello there")],
  ["a token that does not end", Buffer.from("A".repeat(64))],
  ["a letter alone", Buffer.from("A")],
  ["a method without a target", Buffer.from("GET ")],
  ["capitals and a blank, but no target", Buffer.from("HAT \x01\x02\x03\x04\x05\x06")],
])("%s is not answered", async (_name, bytes) => {
  const { port, lines } = await listen();
  expect(await send(connect(port, "127.0.0.1"), bytes)).toBe("");
  expect(lines).toMatchObject([{ error: expect.stringContaining("version is") as string }]);
});

test("bytes that look like HTTP after a record are not answered", async () => {
  const { port } = await listen();
  const record = encodeRecord({ type: 0, requestId: 0, content: Buffer.alloc(0) });
  const answer = await send(connect(port, "127.0.0.1"), Buffer.concat([record]), "GET / HTTP/1.1\r\n\r\n");
  expect(answer).not.toContain("HTTP/1.1 400");
});
