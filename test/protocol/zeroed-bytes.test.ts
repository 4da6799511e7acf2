// CVE-2023-0836: five bytes of the FCGI_BEGIN_REQUEST of HAProxy were what its buffer had held before. Here all memory
// that is not zeroed when it is allocated holds 0xa5, and none of it may leave.
import { afterEach, expect, test, vi } from "vitest";

import { authorize, begin, filter, get, record, Type } from "../support/records.js";
import { MemoryTransport } from "../support/memory-transport.js";
import { capturedLog, responder } from "../support/served.js";

const DIRT = 0xa5;

afterEach(() => vi.restoreAllMocks());

function soilMemory(): void {
  const dirty = (size: number): ReturnType<typeof Buffer.alloc> => Buffer.alloc(size, DIRT);
  vi.spyOn(Buffer, "allocUnsafe").mockImplementation(dirty);
  vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementation(dirty);
  // The first memory is allocated when a module is loaded.
  vi.resetModules();
}

/** Checks all reserved bytes, and returns the types of the records. */
function typesIn(bytes: Buffer): Set<number> {
  const types = new Set<number>();
  for (let at = 0; at < bytes.length;) {
    const [type, contentLength, paddingLength] = [bytes[at + 1]!, bytes.readUInt16BE(at + 4), bytes[at + 6]!];
    const content = bytes.subarray(at + 8, at + 8 + contentLength);
    const end = at + 8 + contentLength + paddingLength;
    expect(bytes[at + 7]).toBe(0);
    expect(bytes.subarray(at + 8 + contentLength, end).every((byte) => byte === 0)).toBe(true);
    const reserved = { [Type.begin]: 3, [Type.end]: 5, [Type.unknownType]: 1 }[type];
    if (reserved !== undefined) expect(content.subarray(reserved)).toEqual(Buffer.alloc(8 - reserved));
    types.add(type);
    at = end;
  }
  return types;
}

test("an application's records contain no uninitialized bytes", async () => {
  soilMemory();
  const { Server } = await import("../../src/server/server.js");
  const { Dispatcher } = await import("../../src/roles/dispatcher.js");
  const { Roles } = await import("../../src/roles/roles.js");
  const { log } = capturedLog();
  const definitions = [
    responder({
      "GET /small": () => "small",
      "GET /large": () => "x".repeat(99_999),
      "GET /stream": () => ["a", "bc", "x".repeat(20_001)].values(),
      "GET /failure": () => {
        throw new Error("reported on STDERR");
      },
    }),
    { kind: "filter" as const, name: "Same", paths: ["*"], filter: ({ data }: { data: unknown }) => data },
  ];
  const server = new Server(new Dispatcher(new Roles(definitions, { log })), { log });
  const transport = new MemoryTransport();
  const sent: Buffer[] = [];
  const write = transport._write.bind(transport);
  transport._write = (chunk, encoding, done) => {
    sent.push(Buffer.from(chunk));
    write(chunk, encoding, done);
  };
  server.accept(transport);
  transport.push(record(Type.getValues, 0, "\x0f\0FCGI_MPXS_CONNS"));
  transport.push(record(99, 0));
  const paths = ["small", "large", "stream", "failure", "nowhere"];
  transport.push(Buffer.concat(paths.map((path, index) => get(11 + index, `/${path}`))));
  transport.push(Buffer.concat([authorize(2, "/x"), filter(3, "/x", "a file"), begin(4, 77)]));
  await transport.answered(8);
  transport.destroy();
  await server.close();

  expect(typesIn(Buffer.concat(sent))).toEqual(
    new Set([Type.stdout, Type.stderr, Type.end, Type.getValuesResult, Type.unknownType]),
  );
});

test("a Web server's records contain no uninitialized bytes", async () => {
  soilMemory();
  const { WebServerSide } = await import("../../src/protocol/web-server-side.js");
  const { encodeNameValuePairs } = await import("../../src/protocol/name-value.js");
  const side = new WebServerSide({ outputQueued: () => undefined });
  const sink = { stdout: () => undefined, stderr: () => undefined, ended: () => undefined };
  side.getValues(["FCGI_MPXS_CONNS"], () => undefined);
  for (const keepConnection of [true, false]) {
    const params = encodeNameValuePairs([["LONG", "x".repeat(301)]]);
    const request = side.begin({ role: 3, keepConnection, params, inputs: [Type.stdin, Type.data] }, sink);
    for (const length of [1, 7, 9, 20_001, 65_535]) {
      request.write(Type.stdin, Buffer.alloc(length, "x"));
      request.write(Type.data, Buffer.alloc(length, "x"));
    }
    request.close(Type.stdin);
    request.abort();
  }

  expect(typesIn(Buffer.concat(side.output.take()))).toEqual(
    new Set([Type.getValues, Type.begin, Type.params, Type.stdin, Type.data, Type.abort]),
  );
});
