import { describe, expect, test } from "vitest";

import type { FilterDefinition } from "../../src/roles/definitions.js";
import type { FilterRequest } from "../../src/roles/filter-request.js";
import { lines } from "../../src/body/lines.js";
import { reply } from "../../src/roles/reply.js";
import {
  Filter,
  Type,
  begin,
  data,
  filter,
  get,
  params,
  record,
  stdin,
  variablesOf,
} from "../support/records.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";

function filtering(run: (request: FilterRequest) => unknown, ...paths: string[]): FilterDefinition {
  return {
    kind: "filter",
    name: "Test",
    paths: paths.length === 0 ? ["*"] : paths,
    type: "text/plain",
    filter: run,
  };
}

/** Passes the file on in upper case, as it arrives. */
const upper = filtering(async function* ({ data: file }) {
  for await (const piece of file) yield Buffer.from(piece).toString().toUpperCase();
});

/** Collects the file before it answers. */
const whole = filtering(async ({ data: file }) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of file) pieces.push(piece);
  return Buffer.concat(pieces).toString();
});

function head(length: string | undefined, id = 1): Buffer {
  const variables = variablesOf("/file.txt", length === undefined ? {} : { FCGI_DATA_LENGTH: length });
  return Buffer.concat([begin(id, Filter), params(id, variables)]);
}

describe("Section 6.4: filters", () => {
  test("a file is transformed while it arrives", async () => {
    const { connect } = await serveDefinitions([upper]);
    const peer = await connect();
    peer.send(head("6"), stdin(1), record(Type.data, 1, "abc"));
    expect((await peer.record()).content.toString()).toMatch(
      /^Status: 200 OK\r\nContent-Type: text\/plain\r\n\r\n$/,
    );
    expect((await peer.record()).content.toString()).toBe("ABC");
    peer.send(data(1, "def"));

    expect(await peer.answer(1)).toMatchObject({ text: "ABCDEF", applicationStatus: 0 });
  });

  test("an empty file is accepted", async () => {
    const { connect } = await serveDefinitions([upper]);
    const peer = await connect();

    expect(await peer.send(filter(1, "/file.txt", "")).answer(1)).toMatchObject({ status: 200, text: "" });
  });

  test("lines, pipeThrough and a complete reply all work", async () => {
    const { connect } = await serveDefinitions([
      filtering(async function* ({ data: file }) {
        let number = 0;
        for await (const line of lines(file)) yield `${(number += 1)}\t${line}\n`;
      }, "*.numbered"),
      filtering(
        ({ data: file }) =>
          file.pipeThrough(new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip")),
        "*.piped",
      ),
      whole,
    ]);
    const peer = await connect();
    expect((await peer.send(filter(1, "/a.numbered", "one\r\ntwo")).answer(1)).text).toBe("1\tone\n2\ttwo\n");
    const large = "0123456789".repeat(50_000);
    expect((await peer.send(filter(1, "/a.piped", large)).answer(1)).text).toBe(large);
    expect((await peer.send(filter(1, "/a.other", "x")).answer(1)).text).toBe("x");
  });

  test("a body is read before the file, and a large unread one is discarded for it", async () => {
    const { connect } = await serveDefinitions(
      [
        filtering(async ({ body, data: file }) => {
          const text = await body.text();
          let bytes = 0;
          for await (const piece of file) bytes += piece.length;
          return `${text.length} ${bytes}`;
        }, "*.first"),
        filtering(async ({ body, data: file }) => {
          let bytes = 0;
          for await (const piece of file) bytes += piece.length;
          return body.text().then(
            (text) => `${bytes} ${text.length}`,
            (error: unknown) => `${bytes} ${String(error)}`,
          );
        }, "*.late"),
      ],
      { server: { limits: { bufferedPerRequest: 1_000 } } },
    );
    const peer = await connect();
    const ask = (path: string, length: number) =>
      peer.send(filter(1, path, "x".repeat(5_000), { body: "b".repeat(length) })).answer(1);

    expect((await ask("/a.first", 100_000)).text).toBe("100000 5000");
    expect((await ask("/a.late", 999)).text).toBe("5000 999");
    expect((await ask("/a.late", 100_000)).text).toBe("5000 TypeError: Cannot read body: it was discarded");
  });

  test("unread DATA is drained, and the connection used again", async () => {
    const { connect } = await serveDefinitions([filtering(() => reply(undefined, { status: 304 }))]);
    const peer = await connect();
    for (let time = 0; time < 3; time += 1) {
      peer.send(head("3000000"), stdin(1));
      await peer.upload(data(1, Buffer.alloc(3_000_000)));
      expect((await peer.answer(1)).status).toBe(304);
    }
  });

  test("validators avoid reading the file", async () => {
    const { connect } = await serveDefinitions([
      filtering((request) =>
        request.notModified({ etag: '"v1"' }) ? reply(undefined, { status: 304 }) : "new",
      ),
    ]);
    const peer = await connect();
    const ask = async (fields: Record<string, string>) =>
      (await peer.send(filter(1, "/x", "data", { params: fields })).answer(1)).status;
    expect(await ask({ HTTP_IF_NONE_MATCH: 'W/"v0", W/"v1"' })).toBe(304);
    expect(await ask({ HTTP_IF_NONE_MATCH: "*" })).toBe(304);
    expect(await ask({ HTTP_IF_NONE_MATCH: '"v2"' })).toBe(200);
    expect(await ask({ HTTP_IF_MODIFIED_SINCE: new Date(1_700_000_000_000).toUTCString() })).toBe(304);
    expect(await ask({ HTTP_IF_MODIFIED_SINCE: new Date(1_699_999_999_000).toUTCString() })).toBe(200);
    expect(await ask({ HTTP_IF_MODIFIED_SINCE: "never" })).toBe(200);
    expect(await ask({ HTTP_IF_NONE_MATCH: '"v2"', HTTP_IF_MODIFIED_SINCE: new Date().toUTCString() })).toBe(
      200,
    );
  });

  test.each([
    ["missing", undefined],
    ["empty", ""],
    ["-1", "-1"],
    ["no number", "12kB"],
    ["a fraction", "1.5"],
    ["hexadecimal", "0x10"],
    ["too large", "9".repeat(30)],
    ["16 digits", "0".repeat(15) + "3"],
    ["signed", "+3"],
  ])("FCGI_DATA_LENGTH that is %s is refused before the filter runs", async (_what, length) => {
    const ran = { times: 0 };
    const { connect } = await serveDefinitions([
      filtering(() => {
        ran.times += 1;
        return "ran";
      }),
    ]);
    const peer = await connect();

    expect((await peer.send(head(length), stdin(1), data(1, "abc")).answer(1)).status).toBe(400);
    expect(ran.times).toBe(0);
    await peer.roundTrip();
  });

  test("a file without a matching filter is 404", async () => {
    const { connect } = await serveDefinitions([filtering(() => "x", "*.md")]);
    const peer = await connect();

    expect((await peer.send(filter(1, "/file.txt", "abc")).answer(1)).status).toBe(404);
    expect(
      (
        await peer
          .send(filter(1, "/dir/", "abc", { params: { SCRIPT_FILENAME: "/www/dir/index.md" } }))
          .answer(1)
      ).text,
    ).toBe("x");
  });

  test.each([
    ["shorter", "abc", "4"],
    ["longer", "abcd", "3"],
    ["empty where something was announced", "", "1"],
    ["something where nothing was announced", "a", "0"],
  ])("DATA that is %s is a 500 if the answer has not begun", async (_how, content, length) => {
    const { connect, log } = await serveDefinitions([whole]);
    const peer = await connect();

    expect((await peer.send(head(length), stdin(1), data(1, content)).answer(1)).status).toBe(500);
    expect(log).toContainEqual(
      expect.objectContaining({ err: expect.objectContaining({ code: "ERR_FILTER_DATA" }) }),
    );
    await peer.roundTrip();
  });

  test.each([
    ["shorter", "c", "4"],
    ["longer", "cde", "4"],
  ])("DATA that is %s aborts an answer that has begun: no END_REQUEST", async (_how, rest, length) => {
    const { connect } = await serveDefinitions([upper]);
    const peer = await connect();
    peer.send(head(length), stdin(1), record(Type.data, 1, "ab"));
    await peer.record();
    expect((await peer.record()).content.toString()).toBe("AB");
    peer.send(data(1, rest));

    await peer.closedByApplication();
    expect(peer.unfinished(1).some(({ type, content }) => type === Type.end || content.length === 0)).toBe(
      false,
    );
  });

  test("beside other requests it ends with application status 1", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([upper, responder({ "GET /later": () => reply.promise })]);
    const peer = await connect();
    peer.send(get(2, "/later"), head("4"), stdin(1), record(Type.data, 1, "ab"));
    await peer.record();
    expect((await peer.record()).content.toString()).toBe("AB");
    peer.send(data(1, "c"));
    expect(await peer.answer(1)).toMatchObject({ text: "ABC", applicationStatus: 1 });
    reply.resolve("unharmed");

    expect((await peer.answer(2)).text).toBe("unharmed");
  });

  test("a peer that disappears during DATA is not treated as the end of the file", async () => {
    const failure = deferred<unknown>();
    const { connect } = await serveDefinitions([
      filtering(async ({ data: file }) => {
        try {
          for await (const piece of file) void piece;
          failure.resolve("the end");
        } catch (error) {
          failure.resolve(error);
        }
      }),
    ]);
    const peer = await connect();
    peer.send(head("4"), stdin(1), record(Type.data, 1, "abcd"));
    await peer.roundTrip();
    peer.destroy();

    expect(await failure.promise).toMatchObject({ code: "ERR_ABORTED_DISCONNECT" });
  });
});
