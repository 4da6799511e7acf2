import { expect, test } from "vitest";

import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

test.each([
  [{ HTTP_HOST: "Example.org:8080", HTTPS: "on" }, "/a%20b?c=d", "https://example.org:8080/a%20b?c=d"],
  [{ HTTP_HOST: "example.org" }, "//evil.example/..//a", "http://example.org/a"],
  [{ HTTP_HOST: "example.org" }, "http://www.example.org/a", "http://www.example.org/a"],
  [{ HTTP_HOST: "example.org" }, "/a\u00a0", "http://example.org/a%C2%A0"],
  [{ HTTP_HOST: "example.org" }, "/ad\tmin ", "http://example.org/ad%09min%20"],
  [{ HTTP_HOST: '"><script>' }, "/a", null],
  [{}, "/a", null],
] as [Record<string, string>, string, string | null][])(
  "with %j the URL of %s is %s",
  async (params, target, url) => {
    const { connect } = await serveDefinitions([
      responder({ "GET /*": (request) => ({ url: request.url ?? null }) }),
    ]);
    const peer = await connect();
    peer.send(get(1, target, { params }));
    expect(JSON.parse((await peer.answer(1)).text)).toEqual({ url });
  },
);
