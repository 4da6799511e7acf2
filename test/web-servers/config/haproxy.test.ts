// HAProxy needs rules in the generated file for what other servers do by default.
import { Agent } from "node:http";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { blocksOf } from "../../documents/blocks.js";
import { http } from "../../gateway/support/http.js";
import { setScene, type Scene } from "./scene.js";
import { write } from "../../config/support.js";

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

  test("allows what it should, and nothing else", async () => {
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

  test("the application sees the compared path, and an equivalent query", async () => {
    const { body } = await http(scene.url, "//x/%2e%2e/seen/%62%20c?d=/../%2e&e=%26");
    expect(JSON.parse(body)).toMatchObject({
      path: "/seen/b%20c",
      // RFC 3986, section 6.2.2.2: an escape that need not be is the character.
      params: { REQUEST_URI: "/seen/b%20c?d=/../.&e=%26" },
    });
  });
});

describe("connections to the application", () => {
  test("are kept by default, and many mixed requests are all answered", async () => {
    const scene = await setScene({ server: "haproxy", over: "tcp", mount: "", withGate: false });
    onTestFinished(() => scene.close());
    const agent = new Agent({ keepAlive: true, maxSockets: 30 });
    onTestFinished(() => agent.destroy());
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async (_, nth) => {
        const upload = { method: "POST", body: Buffer.alloc(200 * nth), agent } as const;
        const answer =
          nth % 3 === 0 ? http(scene.url, "/seen/it", { agent }) : http(scene.url, "/length", upload);
        return (await answer).status;
      }),
    );
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(scene.connections).toBeLessThan(300);
  });

  test("that are multiplexed lose requests, which the file and a note say", () => {
    const { files, notes } = write("haproxy", { haproxy: { connections: "multiplexed" } });
    expect(files[0]!.text).toContain('logs "IH--"');
    expect(notes.join()).toContain("answers some requests with 500");
    const kept = write("haproxy");
    expect(kept.files[0]!.text).toContain("option keep-conn");
    expect(kept.files[0]!.text).not.toMatch(/mpxs-conns|IH--/);
    expect(kept.notes.join()).not.toContain("500");
  });
});
