// HAProxy compares paths as clients wrote them, so that the generated file makes them plain first.
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { blocksOf } from "../docs/blocks.js";
import { http } from "../gateway/support/http.js";
import { setScene, type Scene } from "./scene.js";

/** The lines by which docs/configure.md keeps a path to one network. */
const ACL = blocksOf("docs/configure.md").find(({ text }) => text.includes("path_beg /books"))!.text;

/** Adds lines of an administrator in front of those that choose the backend. */
function withAcl(text: string): string {
  const lines = ACL.replace("10.0.0.0/8", "192.0.2.0/24").split("\n");
  return text.replace(
    /^ *default_backend/m,
    (line) => `${lines.map((one) => `  ${one}`).join("\n")}\n${line}`,
  );
}

describe("an acl of HAProxy's generated configuration", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ server: "haproxy", over: "tcp", mount: "", withGate: false, edit: withAcl });
  });
  afterAll(() => scene?.close());

  test("keeps what it is meant for, and nothing else", async () => {
    expect((await http(scene.url, "/books/1")).status).toBe(403);
    expect((await http(scene.url, "/seen/it")).status).toBe(200);
  });

  test.each([
    "//books/1",
    "///books//1",
    "/./books/1",
    "/x/../books/1",
    "/x/%2e%2e/books/1",
    "/x/.%2E/books/1",
    "/x//../books/1",
    "/x/./%2e%2e/books/1",
    "/x/y/../../books/1",
    "/%62ooks/1",
    "/%62%6F%6fks/1",
    "/../books/1",
    "/x/%252e%252e/books/1",
    "/x%2f..%2fbooks/1",
    "/books%2f1",
    "http://example.test//books/1",
    "http://example.test/x/%2e%2e/books/1",
  ])("%s is not shown", async (target) => {
    const { status, body } = await http(scene.url, target);
    expect([target, body.includes('"path"')]).toEqual([target, false]);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  test("the application sees the path that was compared, and a query that means the same", async () => {
    const { body } = await http(scene.url, "//x/%2e%2e/seen/%62%20c?d=/../%2e&e=%26");
    expect(JSON.parse(body)).toMatchObject({
      path: "/seen/b%20c",
      // RFC 3986, section 6.2.2.2: an escape that need not be is the character.
      params: { REQUEST_URI: "/seen/b%20c?d=/../.&e=%26" },
    });
  });
});
