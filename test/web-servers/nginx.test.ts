import { writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { controllers as library } from "../../examples/library/application.js";
import { putBehind } from "../support/web-servers/behind.js";
import type { Digest } from "../support/web-servers/contract.js";
import { curl } from "../support/web-servers/curl.js";
import { testEssentials } from "../support/web-servers/essentials.js";
import { nginx } from "../support/web-servers/nginx.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import type { WebServerKind } from "../support/web-servers/web-server.js";

const MEBIBYTE = 1024 * 1024;

/** As the documentation of nginx shows it, and not more. */
function plain(address: string): WebServerKind {
  return nginx(() => ({ server: `location / { fastcgi_pass unix:${address}; }` }));
}

/** Everything leaves as soon as it comes, in both directions. */
function streaming(address: string): WebServerKind {
  return nginx(() => ({
    server: `
    fastcgi_buffering off;
    fastcgi_request_buffering off;
    location / { fastcgi_pass unix:${address}; }`,
  }));
}

/** FastCGI connections are kept, and the application is mounted at /app. */
function kept(address: string): WebServerKind {
  return nginx(() => ({
    http: `upstream application { server ${address}; keepalive 8; }`,
    server: `
    fastcgi_keep_conn on;
    fastcgi_buffering off;
    location /app/ {
      fastcgi_split_path_info ^(/app)(/.*)$;
      # One parameter makes nginx forget all that it inherits.
      include /etc/nginx/fastcgi_params;
      fastcgi_param PATH_INFO $fastcgi_path_info;
      fastcgi_pass application;
    }
    location /buffered/ {
      fastcgi_buffering on;
      fastcgi_split_path_info ^(/buffered)(/.*)$;
      include /etc/nginx/fastcgi_params;
      fastcgi_param PATH_INFO $fastcgi_path_info;
      fastcgi_pass application;
    }`,
  }));
}

const setUps = [
  ["on a unix socket", { kind: plain, over: "unix", mount: "" }],
  ["on a unix socket, streaming", { kind: streaming, over: "unix", mount: "" }],
  ["on TCP with fastcgi_keep_conn", { kind: kept, over: "tcp", mount: "/app" }],
] as const;

describe.each(setUps)("the contract behind nginx %s", (_, { kind, over, mount }) => {
  const behind = putBehind(kind, { over });
  const url = (path: string): string => `${behind().server.url}${mount}${path}`;

  testEssentials(() => ({ ...behind(), mount }));

  test.each([
    ["with a length", []],
    ["in chunks", ["--header", "Transfer-Encoding: chunked"]],
  ])("20 MiB that curl uploads %s come in whole, and back", async (_, options) => {
    const content = payload(20 * MEBIBYTE);
    const [file, copy] = ["upload", "copy"].map((name) => join(behind().server.folder, name)) as [
      string,
      string,
    ];
    await writeFile(file, content);
    const upload = ["--header", "Expect:", "--data-binary", `@${file}`, ...options];

    const { code, output } = await curl(...upload, url("/digest"));
    expect(code).toBe(0);
    expect(JSON.parse(output) as Digest).toMatchObject({ bytes: content.length, sha256: sha256(content) });

    const echo = await curl(...upload, "--output", copy, "--write-out", "%{http_code}", url("/echo"));
    expect(echo).toEqual({ code: 0, output: "200" });
    expect(
      (await curl(`file://${copy}`, "--output", "/dev/null", "--write-out", "%{size_download}")).output,
    ).toBe(String(content.length));
  });

  test("10 MiB come down whole, however slowly they are taken", async () => {
    const answer = await fetch(url(`/download?bytes=${10 * MEBIBYTE}`));
    const whole = Buffer.from(await answer.arrayBuffer());
    expect(sha256(whole)).toBe(sha256(payload(10 * MEBIBYTE)));
  });

  test("an answer that fails on its way ends curl with exit code 18", async () => {
    expect((await curl("--output", "/dev/null", url("/break"))).code).toBe(18);
  });

  test("a browser that closes its connection is noticed by a handler that waits", async () => {
    const { stage } = behind().application;
    const [waiting, aborted] = [stage.when("waiting"), stage.when("aborted")];
    const request = get(url("/wait"), { agent: false }).on("error", () => {});
    await waiting;
    request.destroy();
    await aborted;
  });

  test("200 requests of one client are answered one after the other", async () => {
    const before = behind().application.connections;
    for (let index = 0; index < 200; index++) {
      const answer = await fetch(url("/hello"));
      expect([answer.status, await answer.text()]).toEqual([200, "Hello\n"]);
    }
    const connections = behind().application.connections - before;
    if (kind === kept) expect(connections).toBeLessThanOrEqual(1);
    else expect(connections).toBe(200);
  });
});

describe.each([
  ["on a unix socket", { kind: plain, over: "unix", mount: "" }],
  ["on TCP with fastcgi_keep_conn", { kind: kept, over: "tcp", mount: "/app" }],
  ["on TCP with fastcgi_keep_conn and buffers", { kind: kept, over: "tcp", mount: "/buffered" }],
] as const)("the library behind nginx %s", (_, { kind, over, mount }) => {
  const behind = putBehind(kind, { over, controllers: library, mount });
  const visit = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${behind().server.url}${mount}${path}`, { redirect: "manual", ...init });

  test("JSON: a list, a book, a new book, a mistake", async () => {
    const list = (await (await visit("/books/?q=the&size=3")).json()) as { books: { id: number }[] };
    expect(list.books).toHaveLength(3);
    const first = list.books[0]!;
    expect(await (await visit(`/books/${first.id}`)).json()).toEqual(first);

    const book = { title: "Notes", author: "Ada Lovelace", year: 1843, genre: "science" };
    const added = await visit("/books/", {
      method: "POST",
      body: new URLSearchParams({ ...book, year: "1843" }),
    });
    expect(added.status).toBe(201);
    const location = added.headers.get("location")!;
    expect(location.startsWith(`${mount}/books/`)).toBe(true);
    expect(await (await fetch(new URL(location, behind().server.url))).json()).toMatchObject(book);

    const mistake = await visit("/books/", { method: "POST", body: new URLSearchParams({ title: "" }) });
    expect(mistake.status).toBe(400);
    expect(mistake.headers.get("content-type")).toContain("application/problem+json");
  });

  test("HTML: the shelves", async () => {
    const page = await visit("/books/browse");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
  });

  test("CSV: more than 10 MiB are streamed whole", async () => {
    const each = 20_000;
    const { total } = (await (await visit("/books/")).json()) as { total: number };
    const list = await visit(`/books/copies.csv?each=${each}`);
    expect(list.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const text = await list.text();
    expect(text.length).toBeGreaterThan(10 * MEBIBYTE);
    expect(text.split("\r\n")).toHaveLength(1 + total * each + 1);
  });

  test.each([
    ["with a length", []],
    ["in chunks", ["--header", "Transfer-Encoding: chunked"]],
  ])("a cover of 20 MiB that curl uploads %s is there to be seen", async (_, options) => {
    const image = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), payload(20 * MEBIBYTE)]);
    const file = join(behind().server.folder, "cover.png");
    await writeFile(file, image);
    const address = `${behind().server.url}${mount}/books/1/cover`;
    const form = ["--header", "Expect:", "--form", `cover=@${file}`, ...options];
    expect(await curl(...form, "--write-out", "%{http_code} %{redirect_url}", address)).toEqual({
      code: 0,
      output: `303 ${address}`,
    });
    const cover = await visit("/books/1/cover");
    expect(cover.headers.get("content-type")).toBe("image/png");
    expect(sha256(Buffer.from(await cover.arrayBuffer()))).toBe(sha256(image));
  });
});
