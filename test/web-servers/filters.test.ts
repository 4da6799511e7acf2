// Filters behind a Web server without the filter role: it forwards each request to a responder.
import { mkdtempSync, realpathSync, rmSync, truncateSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Filter, createApplication, createContainer, type FilterRequest } from "tricorn";
import { testApplication } from "tricorn/testing";
import { afterAll, describe, expect, test } from "vitest";

import { contentRoot, controllers as library } from "../../examples/library/application.js";
import { openFilesBelow, putFile } from "../support/folders.js";
import { putBehind } from "../support/web-servers/behind.js";
import { nginx } from "../support/web-servers/nginx.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import type { WebServerKind } from "../support/web-servers/web-server.js";

const MEBIBYTE = 1024 * 1024;

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class UpperCase {
  async filter({ data }: FilterRequest) {
    let text = "";
    for await (const piece of data) text += Buffer.from(piece).toString();
    return text.toUpperCase();
  }
}

@Filter("*.bin")
class AsItIs {
  async *filter({ data }: FilterRequest) {
    yield* data;
  }
}

function plain(address: string): WebServerKind {
  return nginx(() => ({ server: `location / { fastcgi_pass unix:${address}; }` }));
}

/** FastCGI connections are kept, answers are not buffered, and text is compressed. */
function mounted(address: string): WebServerKind {
  return nginx(() => ({
    http: `upstream application { server unix:${address}; keepalive 8; }`,
    server: `
    gzip on;
    gzip_min_length 1;
    gzip_types text/plain;
    fastcgi_keep_conn on;
    fastcgi_buffering off;
    location /app/ {
      fastcgi_split_path_info ^(/app)(/.*)$;
      # One parameter makes nginx forget all that it inherits.
      include /etc/nginx/fastcgi_params;
      fastcgi_param PATH_INFO $fastcgi_path_info;
      fastcgi_pass application;
    }`,
  }));
}

const root = realpathSync(mkdtempSync(join(tmpdir(), "tricorn-filtered-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const large = payload(20 * MEBIBYTE);
putFile(join(root, "docs/a b.txt"), "grüße\n");
putFile(join(root, "docs/index.txt"), "the docs");
putFile(join(root, "large.bin"), large);
putFile(join(root, ".secret.txt"), "SECRET");

describe.each([
  ["", { kind: plain, mount: "" }],
  [" below a mount, with kept connections and gzip", { kind: mounted, mount: "/app" }],
] as const)("a folder behind nginx%s", (_, { kind, mount }) => {
  const behind = putBehind(kind, {
    controllers: [UpperCase, AsItIs],
    serving: { bridges: { filter: { root, index: "index.txt", cache: { bytes: 8 * MEBIBYTE } } } },
  });
  const url = (path: string): string => `${behind().server.url}${mount}${path}`;
  const visit = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(url(path), { redirect: "manual", ...init });

  test("is filtered: a file, its HEAD, a POST for it", async () => {
    const whole = await visit("/docs/a%20b.txt");
    expect([whole.status, await whole.text()]).toEqual([200, "GRÜSSE\n"]);
    expect(whole.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const head = await visit("/docs/a%20b.txt", { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([
      200,
      "",
      whole.headers.get("etag"),
    ]);
    const posted = await visit("/docs/a%20b.txt", { method: "POST", body: "x" });
    expect([posted.status, await posted.text(), posted.headers.get("etag")]).toEqual([200, "GRÜSSE\n", null]);
  });

  test("confirms copies that clients have", async () => {
    const { headers } = await visit("/docs/a%20b.txt", { method: "HEAD" });
    for (const fields of [
      { "If-None-Match": headers.get("etag")! },
      { "If-Modified-Since": headers.get("last-modified")! },
    ]) {
      const again = await visit("/docs/a%20b.txt", { headers: fields });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
    const stale = await visit("/docs/a%20b.txt", { headers: { "If-None-Match": '"x"' } });
    expect(stale.status).toBe(200);
    await stale.text();
  });

  test("has an index, and redirects to it", async () => {
    expect(await (await visit("/docs/")).text()).toBe("THE DOCS");
    const redirect = await visit("/docs?x=1");
    expect([redirect.status, new URL(redirect.headers.get("location")!, url("/")).href]).toEqual([
      301,
      url("/docs/?x=1"),
    ]);
  });

  test.each([
    ["/none.txt", 404],
    ["/docs/a%20b.txt/", 404],
    ["/.secret.txt", 403],
    ["/style.css", 404],
  ])("refuses %s with %d", async (path, status) => {
    const answer = await visit(path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain("SECRET");
  });

  test("sends 20 MiB whole, and parts only of cached replies", async () => {
    const whole = await visit("/large.bin", { headers: { Range: "bytes=0-9" } });
    expect([whole.status, whole.headers.get("accept-ranges")]).toEqual([200, null]);
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(sha256(large));
    await (await visit("/docs/index.txt")).text();
    const part = await visit("/docs/index.txt", { headers: { Range: "bytes=4-7" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
      206,
      "DOCS",
      "bytes 4-7/8",
    ]);
  });

  test("closes its file when the client leaves", async () => {
    await new Promise<void>((resolve, reject) => {
      const request = get(url("/large.bin"), { agent: false }, (response: IncomingMessage) => {
        response.once("data", () => {
          expect(openFilesBelow(root)).toEqual(["large.bin"]);
          response.on("error", () => {});
          request.destroy();
          resolve();
        });
      });
      request.on("error", reject);
    });
    await expect.poll(() => openFilesBelow(root)).toEqual([]);
  });

  test("reveals that a file has shrunk while it was sent", async () => {
    putFile(join(root, "shrinking.bin"), large);
    const answer = await visit("/shrinking.bin");
    expect(answer.status).toBe(200);
    truncateSync(join(root, "shrinking.bin"), 100);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    await behind().server.errorLine(
      /ERR_FILE_CHANGED|became shorter than|prematurely closed|unsupported FastCGI/,
    );
  });

  test("answers 50 requests at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => (await visit(`/docs/a%20b.txt?${index % 5}`)).text()),
    );
    expect(new Set(answers)).toEqual(new Set(["GRÜSSE\n"]));
  });
});

describe("the library's guides behind nginx", () => {
  const behind = putBehind(plain, {
    controllers: library,
    serving: { bridges: { filter: { root: fileURLToPath(contentRoot) } } },
  });

  test.each(["roles.md", "house-rules.md"])(
    "look the same with and without a Web server: %s",
    async (name) => {
      const running = await testApplication(
        createApplication({ controllers: library, container: createContainer() }),
        { bridges: { filter: { root: fileURLToPath(contentRoot) } } },
      );
      const expected = await running.respond(`/guides/${name}`);
      await running.close();
      const answer = await fetch(`${behind().server.url}/guides/${name}`);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(Buffer.from(await answer.arrayBuffer()).equals(expected.bytes)).toBe(true);
      expect(expected.text).toContain("<h1>");
    },
  );
});
