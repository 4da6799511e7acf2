import { describe, expect, test } from "vitest";

import type { FastCgiClient } from "../../src/client/index.js";
import { encodeNameValuePairs } from "../../src/protocol/name-value.js";
import { encodeRecord } from "../../src/protocol/record.js";
import { hex } from "../support/hex.js";
import type { Peer } from "../support/scripted-application.js";
import {
  application,
  connect as connectAlone,
  get,
  hello,
  useScriptedApplication,
  type Further,
} from "./support.js";

useScriptedApplication();

/** A client that asks whether connections can be shared. */
const connect = (options: Further = {}): FastCgiClient => connectAlone({ multiplex: undefined, ...options });

/** A client that has learned these values with its first request. */
async function connected(
  values: string,
  options: Further = {},
): Promise<{ client: FastCgiClient; peer: Peer }> {
  const client = connect(options);
  const first = client.request(get);
  const peer = await application.accept();
  await peer.answerValues(values);
  peer.answer(await peer.request(), hello);
  const response = await first;
  await response.ended;
  return { client, peer };
}

test("GET_VALUES is sent once, with the first request of a connection", async () => {
  const client = connect();
  const first = client.request({ params: [] });
  const peer = await application.accept();
  const names = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"];
  expect(await peer.bytes(8 + 48 + 16)).toEqual(
    Buffer.concat([
      hex("01 09 00 00 00 30 00 00"), // GET_VALUES, id 0
      ...names.flatMap((name) => [Buffer.of(name.length, 0), Buffer.from(name)]),
      hex("01 01 00 01 00 08 00 00  00 01 01 00 00 00 00 00"), // BEGIN_REQUEST
    ]),
  );
  peer.answer(1, hello);
  await (
    await first
  ).ended;
  const second = client.request({ params: [] });
  expect([(await peer.record()).type, (await peer.record()).type]).toEqual([4, 5]);
  expect((await peer.record()).type).toBe(1);
  peer.answer(1, hello);
  expect((await second).status).toBe(200);
});

describe("requests share a connection", () => {
  test("if the application supports it, with answers in any order", async () => {
    const { client, peer } = await connected("FCGI_MPXS_CONNS=1 FCGI_MAX_REQS=10");
    const answers = Array.from({ length: 5 }, () => client.request(get));
    const ids: number[] = [];
    for (let count = 0; count < 5; count += 1) ids.push(await peer.request());
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    for (const id of ids) peer.stdout(id, `A: ${id}\r\n`);
    for (const id of ids.toReversed()) peer.answer(id, `\r\nbody of ${id}`);
    const responses = await Promise.all(answers);
    expect(responses.map(({ headers }) => headers.get("a"))).toEqual(["1", "2", "3", "4", "5"]);
    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(
      ids.map((id) => `body of ${id}`),
    );
    expect(application.connections).toBe(1);
  });

  test("up to FCGI_MAX_REQS; further ones wait for an id", async () => {
    const { client, peer } = await connected("FCGI_MPXS_CONNS=1 FCGI_MAX_REQS=2", { maxConnections: 1 });
    const answers = ["1", "2", "3"].map((name) => client.request({ params: { name } }));
    expect([await peer.request(), await peer.request()]).toEqual([1, 2]);
    peer.answer(2, hello);
    expect((await answers[1]!).status).toBe(200);
    expect(await peer.request()).toBe(2);
    peer.answer(2, hello);
    peer.answer(1, hello);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("without asking if configured so", async () => {
    const client = connect({ multiplex: true, requestsPerConnection: 2, maxConnections: 1 });
    const answers = [client.request(get), client.request(get)];
    const peer = await application.accept();
    expect((await peer.record()).type).toBe(1);
    expect([await peer.recordOf(5), await peer.request()]).toMatchObject([{ id: 1 }, 2]);
    peer.answer(2, hello);
    peer.answer(1, hello);
    await Promise.all(answers);
  });

  test("and the end of one does not affect the others", async () => {
    const { client, peer } = await connected("FCGI_MPXS_CONNS=1");
    const [broken, good] = [client.request(get), client.request(get)];
    const ids = [await peer.request(), await peer.request()];
    peer.stdout(ids[0]!, "no colon\n\n");
    await expect(broken).rejects.toMatchObject({ code: "ERR_CLIENT_RESPONSE_HEADER" });
    peer.answer(ids[1]!, hello);
    expect(await (await good).text()).toBe("hello");
  });

  test("and all of them fail if it is lost", async () => {
    const { client, peer } = await connected("FCGI_MPXS_CONNS=1");
    const answers = [client.request({ ...get, stdin: "1" }), client.request(get)];
    const settled = Promise.allSettled(answers);
    await peer.request();
    await peer.request();
    peer.stdout(1, "Status: 200\r\n");
    peer.stdout(2, "Status: 200\r\n");
    await new Promise((resolve) => {
      peer.stream.end(resolve);
    });
    expect(
      (await settled).map((result) => (result as PromiseRejectedResult).reason as unknown),
    ).toMatchObject([{ code: "ERR_CLIENT_CLOSED" }, { code: "ERR_CLIENT_CLOSED" }]);
  });
});

describe("requests do not share a connection", () => {
  test.each([
    ["FCGI_MPXS_CONNS is 0", "FCGI_MPXS_CONNS=0 FCGI_MAX_REQS=10"],
    ["FCGI_MPXS_CONNS is anything but 1", "FCGI_MPXS_CONNS=yes"],
    ["FCGI_MPXS_CONNS is missing", "FCGI_MAX_REQS=10"],
    ["FCGI_MAX_REQS is 0", "FCGI_MPXS_CONNS=1 FCGI_MAX_REQS=0"],
    ["FCGI_MAX_REQS is not a number", "FCGI_MPXS_CONNS=1 FCGI_MAX_REQS=many"],
  ])("if %s", async (_name, values) => {
    const { client, peer } = await connected(values);
    const answers = [client.request(get), client.request(get)];
    const other = await application.accept();
    peer.answer(await peer.request(), hello);
    other.answer(await other.request(), hello);
    await Promise.all(answers);
    expect(application.connections).toBe(2);
  });

  test("if the application does not support GET_VALUES", async () => {
    const client = connect();
    const first = client.request(get);
    const peer = await application.accept();
    peer.send(hex("01 0b 00 00 00 08 00 00  09 00 00 00 00 00 00 00")); // UNKNOWN_TYPE: GET_VALUES
    peer.answer(await peer.request(), hello);
    await (
      await first
    ).ended;
    const answers = [client.request(get), client.request(get)];
    const other = await application.accept();
    peer.answer(await peer.request(), hello);
    other.answer(await other.request(), hello);
    await Promise.all(answers);
  });

  test("after the application refuses one; the refused request is sent again", async () => {
    const client = connect({ multiplex: true, maxConnections: 1 });
    const answers = [client.request(get), client.request({ params: { REQUEST_METHOD: "POST" }, stdin: "x" })];
    const peer = await application.accept();
    expect([await peer.request(), await peer.request()]).toEqual([1, 2]);
    peer.end(2, { protocolStatus: 1 });
    peer.answer(1, hello);
    expect((await answers[0]!).status).toBe(200);
    const id = await peer.request();
    peer.answer(id, hello);
    expect((await answers[1]!).status).toBe(200);
  });

  test("and FCGI_MAX_CONNS limits the connections", async () => {
    const { client, peer } = await connected("FCGI_MAX_CONNS=1 FCGI_MPXS_CONNS=0");
    const answers = [client.request(get), client.request(get)];
    for (let count = 0; count < 2; count += 1) peer.answer(await peer.request(), hello);
    await Promise.all(answers);
    expect(application.connections).toBe(1);
  });
});

describe("an answer to GET_VALUES", () => {
  /** Recorded from Go 1.19.8, net/http/fcgi: the values, and an empty record. */
  const fromGo = hex(
    `01 0a 00 00 00 12 06 00  0f 01 46 43 47 49 5f 4d 50 58 53 5f 43 4f 4e 4e 53 31  00 00 00 00 00 00
     01 0a 00 00 00 00 00 00`,
  );
  const result = (...pairs: [string, string][]): Buffer =>
    encodeRecord({ type: 10, requestId: 0, content: encodeNameValuePairs(pairs) });

  test.each([
    ["two records, the second one empty", [fromGo]],
    ["the same in two chunks", [fromGo.subarray(0, 32), fromGo.subarray(32)]],
    ["a record for each value", [result(["FCGI_MAX_REQS", "9"]), result(["FCGI_MPXS_CONNS", "1"])]],
    ["the same twice", [result(["FCGI_MPXS_CONNS", "1"]), result(["FCGI_MPXS_CONNS", "1"])]],
    ["an empty record first", [result(), result(["FCGI_MPXS_CONNS", "1"])]],
    ["names that were not asked for", [result(["__proto__", "1"], ["FCGI_MPXS_CONNS", "1"], ["", ""])]],
  ])("may be %s", async (_name, chunks) => {
    const client = connect({ multiplex: undefined, maxConnections: 1 });
    const first = client.request(get);
    const peer = await application.accept();
    await peer.request();
    for (const chunk of chunks) peer.send(chunk);
    peer.answer(1, hello);
    expect(await (await first).text()).toBe("hello");
    const answers = [client.request(get), client.request(get)];
    const ids = [await peer.request(), await peer.request()];
    for (const id of ids) peer.answer(id, hello);
    expect(await Promise.all(answers.map(async (answer) => (await answer).text()))).toEqual([
      "hello",
      "hello",
    ]);
    expect(application.connections).toBe(1);
  });

  test("may arrive in the middle of the answer to the request, after it, or never", async () => {
    const client = connect({ multiplex: undefined, maxConnections: 1 });
    const first = client.request(get);
    const peer = await application.accept();
    await peer.request();
    peer.stdout(1, "Content-Type: text/plain\r\n");
    peer.send(fromGo.subarray(0, 32));
    peer.stdout(1, "\r\nhel");
    peer.send(fromGo.subarray(32));
    peer.answer(1, "lo");
    expect(await (await first).text()).toBe("hello");
    const silent = connect({ multiplex: undefined });
    const second = silent.request(get);
    const other = await application.accept();
    other.answer(await other.request(), hello);
    await (await second).text();
    other.send(fromGo);
    const third = silent.request(get);
    other.answer(await other.request(), hello);
    expect(await (await third).text()).toBe("hello");
  });

  test("may arrive in two records in one chunk, of which the second allows less", async () => {
    const client = connect({ multiplex: undefined, maxConnections: 1 });
    const answers = [1, 2, 3].map(() => client.request(get));
    const peer = await application.accept();
    const first = await peer.request();
    peer.send(Buffer.concat([result(["FCGI_MPXS_CONNS", "1"]), result(["FCGI_MAX_REQS", "2"])]));
    const second = await peer.request();
    peer.answer(first, hello);
    // A third id would be one too many.
    expect(await peer.request()).toBe(first);
    peer.answer(first, hello);
    peer.answer(second, hello);
    await Promise.all(answers);
  });
});

describe("values()", () => {
  test("are combined from several records", async () => {
    const values = connect().values();
    const peer = await application.accept();
    await peer.answerValues("FCGI_MAX_CONNS=7");
    peer.send(
      encodeRecord({ type: 10, requestId: 0, content: encodeNameValuePairs([["FCGI_MAX_REQS", "9"]]) }),
    );
    peer.send(encodeRecord({ type: 10, requestId: 0, content: Buffer.alloc(0) }));
    expect(await values).toEqual({ FCGI_MAX_CONNS: "7", FCGI_MAX_REQS: "9" });
  });

  test("are requested again if the application answers only with the next record, like libfcgi", async () => {
    const values = connect().values();
    const peer = await application.accept();
    await peer.recordOf(9);
    await peer.answerValues("FCGI_MAX_CONNS=1 FCGI_MAX_REQS=1 FCGI_MPXS_CONNS=0");
    expect(await values).toEqual({ FCGI_MAX_CONNS: "1", FCGI_MAX_REQS: "1", FCGI_MPXS_CONNS: "0" });
  });

  test("are those of the application", async () => {
    const client = connect({ multiplex: false });
    const values = client.values();
    const peer = await application.accept();
    await peer.answerValues("FCGI_MAX_CONNS=7 FCGI_MPXS_CONNS=0");
    expect(await values).toEqual({ FCGI_MAX_CONNS: "7", FCGI_MPXS_CONNS: "0" });
    const answer = client.request(get);
    peer.answer(await peer.request(), hello);
    expect((await answer).status).toBe(200);
  });

  test("are empty if GET_VALUES is unknown", async () => {
    const values = connect().values();
    const peer = await application.accept();
    await peer.recordOf(9);
    peer.send(hex("01 0b 00 00 00 08 00 00  09 00 00 00 00 00 00 00"));
    expect(await values).toEqual({});
  });

  test("fail if the connection closes or no answer arrives", async () => {
    const closing = connect().values();
    const peer = await application.accept();
    await peer.recordOf(9);
    peer.close();
    await expect(closing).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED" });
    const silent = connect({ timeouts: { response: 5 } }).values();
    await expect(silent).rejects.toMatchObject({ code: "ERR_CLIENT_TIMEOUT" });
  });
});

test("a thousand requests, 32 at a time on one connection, each get the right answer", async () => {
  const { client, peer } = await connected("FCGI_MPXS_CONNS=1 FCGI_MAX_REQS=32", { maxConnections: 1 });
  const names = new Map<number, string>();
  let most = 0;
  const serve = async (): Promise<void> => {
    for (let ended = 0; ended < 1000;) {
      const { type, id, content } = await peer.record();
      if (type === 4 && content.length > 0) names.set(id, content.subarray(2 + 4).toString());
      if (type !== 5 || content.length > 0 || !names.has(id)) continue;
      most = Math.max(most, names.size);
      peer.answer(id, `Status: 200\n\n${names.get(id)}`);
      names.delete(id);
      ended += 1;
    }
  };
  const serving = serve();
  const bodies = Array.from({ length: 1000 }, async (_, index) => {
    const response = await client.request({ params: { name: `request ${index}` } });
    return response.text();
  });
  expect(await Promise.all(bodies)).toEqual(Array.from({ length: 1000 }, (_, index) => `request ${index}`));
  await serving;
  expect(most).toBeLessThanOrEqual(32);
  expect(application.connections).toBe(1);
});
