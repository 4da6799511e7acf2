// CVE-2019-11043: a line break in a URL kept nginx's fastcgi_split_path_info from matching, PATH_INFO came empty, and
// PHP-FPM moved a pointer in front of its buffer by the length that it had expected.
import fc from "fast-check";
import { expect, test } from "vitest";

import { authorize, get } from "../support/records.js";
import { allow, deny } from "../../src/roles/verdict.js";
import { responder, serveDefinitions } from "../support/served.js";

const LONG = `/index.php/${"x".repeat(2_000)}`;

test.each([
  ["the request of the exploit", `/index.php/%0A${"x".repeat(1_500)}`, "/index.php/\nxxx", ""],
  ["an empty PATH_INFO", LONG, LONG, ""],
  ["a PATH_INFO longer than the path", "/a", "", `/${"a".repeat(5_000)}`],
  ["a SCRIPT_NAME longer than the path", "/a", LONG, "/a"],
  ["a line break in all of them", "/a%0Ab", "/a\nb", "/\n"],
  ["a NUL in all of them", "/a%00b", "/a\0b", "/\0"],
  ["dots", "/../../a", "/..", "/../../.."],
  ["no slash", "a", "a", "a"],
])("%s is answered, and so is the next request", async (_what, target, scriptName, pathInfo) => {
  const { connect } = await serveDefinitions([
    responder({ "GET /next": () => "next", "GET /*": ({ path }) => ({ path }) }),
  ]);
  const peer = await connect();
  peer.send(get(1, target, { params: { SCRIPT_NAME: scriptName, PATH_INFO: pathInfo } }));
  const { status, head } = await peer.answer(1);

  expect([200, 400, 404]).toContain(status);
  expect(head.match(/^status:/gim)).toHaveLength(1);
  expect((await peer.send(get(1, "/next")).answer(1)).text).toBe("next");
});

test("no SCRIPT_NAME or PATH_INFO moves a request past its authorizer", async () => {
  const { connect } = await serveDefinitions([
    { kind: "authorizer", name: "All", paths: [], authorize: () => allow() },
    { kind: "authorizer", name: "Members", paths: ["/members/**"], authorize: () => deny() },
  ]);
  const peer = await connect();
  const text = fc.oneof(fc.constantFrom("", "/", "/public", "/members", "\n", "/..", LONG), fc.string());
  await fc.assert(
    fc.asyncProperty(text, text, async (scriptName, pathInfo) => {
      const params = { SCRIPT_NAME: scriptName, PATH_INFO: pathInfo };
      expect((await peer.send(authorize(1, "/members/x", { params })).answer(1)).status).toBe(403);
    }),
    { numRuns: 200 },
  );
});
