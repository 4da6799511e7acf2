import { describe, expect, test } from "vitest";

import { reply } from "../../src/roles/reply.js";
import {
  Filter,
  Responder,
  Type,
  begin,
  data,
  get,
  pairs,
  params,
  record,
  stdin,
  variablesOf,
} from "../support/records.js";
import { responder, serveDefinitions, turns } from "../support/served.js";

describe("Section 6.1: behavior common to all roles", () => {
  test("nothing is sent before PARAMS have ended, even if STDIN has", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": () => "answered" })]);
    const peer = await connect();
    peer.send(begin(1, Responder), record(Type.params, 1, pairs(variablesOf("/"))), stdin(1));
    await peer.roundTrip();
    expect(peer.pending).toEqual([]);

    expect((await peer.send(record(Type.params, 1)).answer(1)).text).toBe("answered");
  });

  test("STDOUT and STDERR are sent in the order of writing; STDERR is not closed", async () => {
    const { connect } = await serveDefinitions([
      {
        kind: "role",
        number: 9,
        name: "Both",
        inputs: { stdin: false, data: false },
        handle(exchange) {
          exchange.write("one");
          exchange.warn("two");
          exchange.write("three");
          exchange.warn("four");
          exchange.end();
        },
      },
    ]);
    const peer = await connect();
    const { records } = await peer.send(begin(1, 9), params(1, {})).answer(1);

    expect(records.map(({ type, content }) => [type, content.toString()]).slice(0, -1)).toEqual([
      [Type.stdout, "one"],
      [Type.stderr, "two\n"],
      [Type.stdout, "three"],
      [Type.stderr, "four\n"],
      [Type.stdout, ""],
    ]);
  });

  test("a request without errors has no STDERR at all", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /": () => "x",
        "GET /large": () => "x".repeat(200_000),
        "GET /empty": () => reply(undefined, { status: 204 }),
        "GET /stream": () => ["x", "y"].values(),
      }),
    ]);
    const peer = await connect();
    for (const path of ["/", "/large", "/empty", "/stream", "/missing"]) {
      const { records } = await peer.send(get(1, path)).answer(1);
      expect([path, records.length > 0]).toEqual([path, true]);
      expect([path, records.some(({ type }) => type === Type.stderr)]).toEqual([path, false]);
    }
  });

  test("an aborted answer on a connection that will close ends with a record of an invalid version", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /": async function* () {
          yield "half of ";
          await turns(2);
          throw new Error("no more");
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/", { keep: false }));
    await peer.closedByApplication();

    expect(peer.brokenOff).toBe(true);
    expect(peer.unfinished(1).some(({ type, content }) => type === Type.end || content.length === 0)).toBe(
      false,
    );
  });

  test("a filter that needs no STDIN answers before its end", async () => {
    const { connect } = await serveDefinitions([
      { kind: "filter", name: "Quick", paths: ["*"], filter: () => "from a cache" },
    ]);
    const peer = await connect();
    peer.send(begin(1, Filter), params(1, variablesOf("/x", { FCGI_DATA_LENGTH: "3" })));
    expect((await peer.answer(1)).text).toBe("from a cache");

    peer.send(stdin(1, "late"), data(1, "abc"));
    await peer.roundTrip();
  });
});
