import { describe, expect, test } from "vitest";

import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const facts = ({ connectionId, secure }: ResponderRequest) => JSON.stringify({ connectionId, secure });

interface Facts {
  readonly connectionId: number;
  readonly secure: boolean;
}

describe("a request", () => {
  test("has the id of its connection, which no other connection has", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": facts })]);
    const peers = [await connect(), await connect()];
    const ids = await Promise.all(
      peers.flatMap((peer) => {
        peer.send(get(1, "/"), get(2, "/"));
        return [1, 2].map(async (id) => (JSON.parse((await peer.answer(id)).text) as Facts).connectionId);
      }),
    );
    const [first, second, third, fourth] = ids;
    expect(ids.every((id) => Number.isInteger(id) && id > 0)).toBe(true);
    expect([second, fourth]).toEqual([first, third]);
    expect(third).not.toBe(first);
  });

  test.each([
    [{ HTTPS: "on" }, true],
    [{ REQUEST_SCHEME: "https" }, true],
    [{ HTTPS: "off", REQUEST_SCHEME: "https" }, false],
    [{ HTTP_X_FORWARDED_PROTO: "https" }, false],
    [{}, false],
  ])("with %j says of secure: %j", async (params, secure) => {
    const { connect } = await serveDefinitions([responder({ "GET /": facts })]);
    const peer = await connect();
    const { text } = await peer.send(get(1, "/", { params })).answer(1);
    expect((JSON.parse(text) as Facts).secure).toBe(secure);
  });
});
