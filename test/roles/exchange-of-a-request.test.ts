import { expect, test } from "vitest";

import { Type, get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

test("request.exchange.warn writes a line to STDERR after the head of the answer, and none after its end", async () => {
  const { connect } = await serveDefinitions([
    responder({
      "GET /": async function* ({ exchange }) {
        exchange.warn("cache is cold");
        yield "a";
        exchange.warn("and stays so");
        yield "b";
        exchange.onEnd(() => exchange.warn("too late"));
      },
    }),
  ]);
  const peer = await connect();
  const answer = await peer.send(get(1, "/")).answer(1);

  expect([answer.text, answer.stderr]).toEqual(["ab", "cache is cold\nand stays so\n"]);
  expect(answer.records.map(({ type }) => type).slice(0, 2)).toEqual([Type.stdout, Type.stderr]);
});

test.each<[string, unknown]>([
  ["something", "dropped"],
  ["nothing", undefined],
  ["a stream", ["dropped"].values()],
])(
  "request.exchange.answer is the answer, and a later return value is dropped: %s",
  async (_what, returned) => {
    const { connect, log } = await serveDefinitions([
      responder({
        "GET /": ({ exchange }) => {
          exchange.answer({ head: "Status: 299 Own\r\nX-Own: 1\r\n\r\n", body: "own", bodyLength: 3 });
          return returned;
        },
      }),
    ]);
    const peer = await connect();
    const answer = await peer.send(get(1, "/")).answer(1);

    expect([answer.status, answer.header("X-Own"), answer.text]).toEqual([299, "1", "own"]);
    await peer.roundTrip();
    expect(log.filter(({ level }) => level >= 40)).toEqual([]);
  },
);
