import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";

import { temporaryFolder } from "../served.js";
import { curl } from "./curl.js";
import { differs, type LibraryDifferences } from "./differences.js";
import { payload, sha256 } from "./payload.js";
import type { RunningServer } from "./web-server.js";

/** A Web server in front of the library of examples/. */
export interface LibraryDoor {
  readonly server: RunningServer;
  /** Where the library is found below the server's address: "/app" or "". */
  readonly mount: string;
}

const MEBIBYTE = 1024 * 1024;

/** A member of the library. */
const headers = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };
const impostor = { Authorization: `Basic ${Buffer.from("ada:byron").toString("base64")}` };

/** The tests that hold behind each Web server that the library is put behind: all three roles at work. */
export function testLibrary(door: () => LibraryDoor, differences: LibraryDifferences = {}): void {
  /** The status of an answer with a Location. */
  const located = (task: TestContext["task"], status: number): number =>
    differs(task, differences.redirectsByLocation) ? 302 : status;
  const visit = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${door().server.url}${door().mount}${path}`, { redirect: "manual", ...init });

  test("a responder: a list, a book, a new book, a mistake", async ({ task }) => {
    const list = (await (await visit("/books/?q=the&size=3")).json()) as { books: { id: number }[] };
    expect(list.books).toHaveLength(3);
    const first = list.books[0]!;
    expect(await (await visit(`/books/${first.id}`)).json()).toEqual(first);

    const book = { title: "Notes", author: "Ada Lovelace", year: 1843, genre: "science" };
    const added = await visit("/books/", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(book),
    });
    expect(added.status).toBe(located(task, 201));
    const location = new URL(added.headers.get("location")!, door().server.url);
    expect(location.pathname.startsWith(`${door().mount}/books/`)).toBe(true);
    expect(await (await fetch(location)).json()).toMatchObject(book);

    const form = new URLSearchParams({ ...book, year: "1843" });
    const back = await visit("/books/", { method: "POST", body: form });
    expect(back.status).toBe(located(task, 303));
    expect(back.headers.get("location")).toMatch(/\/books\/browse#book-\d+$/);

    const mistake = await visit("/books/", { method: "POST", body: new URLSearchParams({ title: "" }) });
    expect(mistake.status).toBe(400);
    expect(mistake.headers.get("content-type")).toContain("application/problem+json");
  });

  test("a responder: a page, and a list of more than 10 MiB", async () => {
    const page = await visit("/books/browse");
    expect(page.headers.get("content-type")).toMatch(/^text\/html; ?charset=utf-8$/);
    expect(await page.text()).toMatch(/^<!doctype html>[^]*<\/html>\n$/);

    const each = 20_000;
    const { total } = (await (await visit("/books/")).json()) as { total: number };
    const text = await (await visit(`/books/copies.csv?each=${each}`)).text();
    expect(text.length).toBeGreaterThan(10 * MEBIBYTE);
    expect(text.split("\r\n")).toHaveLength(1 + total * each + 1);
  });

  test("a responder: a cover of 20 MiB goes up and comes down", async ({ task }) => {
    const image = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), payload(20 * MEBIBYTE)]);
    const file = join(temporaryFolder(), "cover.png");
    await writeFile(file, image);
    const address = `${door().server.url}${door().mount}/books/1/cover`;
    const form = ["--header", "Expect:", "--output", "/dev/null", "--form", `cover=@${file}`];
    expect(await curl(...form, "--write-out", "%{http_code} %{redirect_url}", address)).toEqual({
      code: 0,
      output: `${located(task, 303)} ${door().server.url}${door().mount}/books/browse#book-1`,
    });
    const cover = await visit("/books/1/cover");
    expect(cover.headers.get("content-type")).toBe("image/png");
    expect(sha256(Buffer.from(await cover.arrayBuffer()))).toBe(sha256(image));
  });

  test("a filter: a guide in Markdown is a page", async () => {
    const guide = await visit("/guides/house-rules.md");
    expect([guide.status, guide.headers.get("content-type")?.replace(" ", "")]).toEqual([
      200,
      "text/html;charset=utf-8",
    ]);
    expect(await guide.text()).toMatch(/<h1>[^]*<\/html>\n$/);
    expect((await visit("/guides/nowhere.md")).status).toBe(404);
  });

  test("an authorizer: only members get in", async () => {
    for (const path of ["/members/welcome.html", "/members/card.html", "/members/shelf/"]) {
      for (const credentials of [{}, impostor]) {
        const answer = await visit(path, { headers: credentials });
        expect([answer.status, answer.headers.get("www-authenticate")?.slice(0, 5)]).toEqual([401, "Basic"]);
        expect(await answer.text()).not.toMatch(/Ada|\{\{/);
      }
    }
  });

  test("an authorizer and a filter: a page knows the member", async () => {
    const page = await visit("/members/welcome.html", { headers });
    const text = await page.text();
    expect(page.status).toBe(200);
    expect(text).toContain("Ada");
    expect(text).not.toContain("{{");
  });

  test("an authorizer and a responder: the shelf knows the member", async () => {
    const shelf = await visit("/members/shelf/", { headers });
    expect(await shelf.json()).toMatchObject({ member: expect.stringContaining("Ada") as string });
  });
}
