import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { contentRoot } from "../../../examples/library/application.js";
import { BookStore } from "../../../examples/library/book-store.js";
import { COVER_LIMIT } from "../../../examples/library/cover-store.js";
import { MembersShelf } from "../../../examples/library/members-shelf.js";
import { startLibrary, type Library } from "../../../examples/library/start.js";

let library: Library;

beforeAll(async () => {
  vi.stubEnv("TRICORN_LOG_LEVEL", "error");
  library = await startLibrary({ port: 0 });
});

afterAll(() => library.close());

/** Requests a path of the library; `as` logs in with "user:password". */
function visit(path: string, { as, ...init }: RequestInit & { as?: string } = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (as !== undefined) headers.set("Authorization", `Basic ${Buffer.from(as).toString("base64")}`);
  return fetch(new URL(path, library.url), { redirect: "manual", ...init, headers });
}

/** The errors of a Problem Details answer, as "place path". */
async function mistakes(response: Response): Promise<string[]> {
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  const { errors } = (await response.json()) as { errors: { in: string; path: (string | number)[] }[] };
  return errors.map((error) => [error.in, ...error.path].join(" "));
}

describe("the content that the gateway serves", () => {
  test("the start page is a plain file whose links all lead somewhere", async () => {
    const page = await visit("/");
    expect(page.headers.get("content-type")).toContain("text/html");
    const html = await page.text();
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href!.replaceAll("&amp;", "&"));
    expect(links.length).toBeGreaterThan(10);
    expect(links).toContain("/__tricorn");
    for (const link of links) {
      const response = await visit(new URL(link, library.url).href, { as: "ada:lovelace" });
      await response.body?.cancel();
      const expected = link.includes("cookery") ? 400 : 200;
      expect(`${link}: ${response.status}`).toBe(`${link}: ${expected}`);
    }
  });

  test.each(["/../data/htpasswd", "/%2e%2e/data/htpasswd", "/data/htpasswd", "/books.json"])(
    "nothing outside the content is served as %s",
    async (path) => {
      expect((await visit(path)).status).toBeGreaterThanOrEqual(400);
    },
  );
});

describe("the members' gate", () => {
  test.each([
    ["without credentials", undefined],
    ["with a wrong password", "ada:byron"],
    ["with an unknown user", "mallory:lovelace"],
    ["with an empty user", ":"],
    [
      "with the hash instead of the password",
      "ada:$2y$10$ZBleRBnKxJH6GOC9tERuf.kzDH14TWMXQ2DhE19TjknbndasRAcNW",
    ],
  ])("answers 401 and asks for a log-in %s", async (_what, as) => {
    for (const path of ["/members/welcome.html", "/members/shelf", "/members/nothing-here"]) {
      const response = await visit(path, as === undefined ? {} : { as });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe(
        'Basic realm="The members of the library", charset="UTF-8"',
      );
      expect(await response.text()).not.toMatch(/welcome|\{\{/i);
    }
  });

  test.each(["Basic", "Basic !!!", "Basic YWRh", "Bearer YWRhOmxvdmVsYWNl"])(
    "answers 401 to the malformed field %s",
    async (authorization) => {
      const { status } = await visit("/members/shelf", { headers: { authorization } });
      expect(status).toBe(401);
    },
  );

  test("answers 403 to a user whose membership has lapsed", async () => {
    const response = await visit("/members/welcome.html", { as: "charles:babbage" });
    expect(response.status).toBe(403);
    expect(await response.text()).toBe("This membership has lapsed.\n");
  });

  test.each([
    "//members/welcome.html",
    "/./members/welcome.html",
    "/guides/../members/welcome.html",
    "/guides/..%2fmembers/welcome.html",
    "/members%2fwelcome.html",
    "/%6dembers/welcome.html",
    "/MEMBERS/welcome.html",
    "/members//welcome.html",
    "/members/./welcome.html",
    "/members;/welcome.html",
    "/members/welcome.html/",
    "/members/welcome.html%00.md",
    "/members/shelf/",
    "//members/shelf",
  ])("cannot be bypassed by writing the path as %s", async (path) => {
    // Not fetch(), which would tidy the path up.
    const [response] = (await once(request(library.url, { path }).end(), "response")) as [IncomingMessage];
    const body = await text(response);
    expect(response.statusCode).toBeGreaterThanOrEqual(300);
    expect(body).not.toMatch(/Welcome|How this page|favourite/);
  });

  test("cannot be bypassed by variables that a client forges", async () => {
    const headers = { "Member-Name": "Mallory", "Variable-MEMBER_NAME": "Mallory", "Auth-User": "ada" };
    expect((await visit("/members/shelf", { headers })).status).toBe(401);
    const response = await visit("/members/shelf", { headers, as: "ada:lovelace" });
    expect(await response.json()).toMatchObject({ member: "Ada Lovelace" });
  });
});

describe("the personal pages", () => {
  test("show the attributes of the member who is logged in", async () => {
    const ada = await visit("/members/welcome.html", { as: "ada:lovelace" });
    expect(ada.status).toBe(200);
    expect(ada.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(ada.headers.get("cache-control")).toBe("private, no-store");
    const html = await ada.text();
    expect(html).toContain("<h1>Welcome, Ada Lovelace</h1>");
    expect(html).toContain("<em>poetry</em>");
    expect(html).not.toContain("{{");

    const grace = await visit("/members/card.html", { as: "grace:hopper" });
    expect(await grace.text()).toContain('<p class="holder">Grace Hopper</p>');
  });

  test("keep letters beyond ASCII", async () => {
    const response = await visit("/members/card.html", { as: "emmy:noether" });
    expect(await response.text()).toContain("<dd>Göttingen</dd>");
  });
});

test("the members' shelf holds the favourite genre of the member", async () => {
  const response = await visit("/members/shelf", { as: "grace:hopper" });
  const shelf = (await response.json()) as { member: string; favourite: string; books: { title: string }[] };
  expect(shelf.member).toBe("Grace Hopper");
  expect(shelf.favourite).toBe("science fiction");
  expect(shelf.books.map(({ title }) => title)).toContain("The Time Machine");
});

test("the members' shelf is a plain class that needs no server", async () => {
  const books = new BookStore();
  await books.onStart();
  const { books: shelf } = new MembersShelf(books).shelf("Ada", "poetry");
  expect(shelf.map(({ author }) => author)).toContain("Lord Byron");
});

describe("the guides", () => {
  test("are Markdown files shown as pages", async () => {
    const response = await visit("/guides/roles.md");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await response.text();
    expect(html).toContain("<title>The three roles</title>");
    expect(html).toContain("<h1>The three roles</h1>");
    expect(html).toContain("<td>Authorizer (2)</td>");
    expect(html).toContain('href="/style.css"');
  });

  test("show HTML as text", async () => {
    const html = await (await visit("/guides/house-rules.md")).text();
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
  });
});

describe("the catalogue", () => {
  test("lists the matching books, page by page", async () => {
    const response = await visit("/books?genre=poetry&size=3&page=2");
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toMatchObject({ total: 4, books: [{ author: "Lord Byron" }] });

    const found = (await (await visit("/books?q=MOON")).json()) as { books: unknown[] };
    expect(found.books).toEqual([
      { id: 2, title: "The Moonstone", author: "Wilkie Collins", year: 1868, genre: "mystery" },
    ]);
  });

  test("shows one book by its number", async () => {
    expect(await (await visit("/books/4")).json()).toMatchObject({ author: "Mary Shelley" });
  });

  test("answers HEAD like GET without the body", async () => {
    const response = await visit("/books/4", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.text()).toBe("");
  });

  test("answers 404 for an unknown book", async () => {
    expect((await visit("/books/4711")).status).toBe(404);
    expect((await visit("/books/4711/cover")).status).toBe(404);
  });

  test("answers 400 and explains errors in path and query", async () => {
    const path = await visit("/books/four");
    expect(path.status).toBe(400);
    expect(await mistakes(path)).toEqual(["path id"]);

    const query = await visit("/books?genre=cookery&page=0&size=1000000");
    expect(query.status).toBe(400);
    expect((await mistakes(query)).sort()).toEqual(["query genre", "query page", "query size"]);
  });

  test("answers 405 with the methods that a book has", async () => {
    const response = await visit("/books/4", { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toContain("GET");
  });

  test("adds a book from JSON and from a form, and then shows it", async () => {
    const book = { title: "Emma", author: "Jane Austen", year: 1815, genre: "adventure" };
    const json = await visit("/books", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(book),
    });
    expect(json.status).toBe(201);
    const added = (await json.json()) as { id: number };
    expect(added).toEqual({ id: added.id, ...book });
    const shown = await visit(json.headers.get("location")!);
    expect(await shown.json()).toEqual(added);

    const form = await visit("/books/", {
      method: "POST",
      body: new URLSearchParams({ ...book, title: "<Persuasion>", year: "1817" }),
    });
    expect(form.status).toBe(303);
    const [, place] = /^\/books\/browse#(book-\d+)$/.exec(form.headers.get("location")!)!;
    expect(await (await visit("/books/browse")).text()).toMatch(
      new RegExp(`id="${place}">(?:(?!</li>)[^])*&lt;Persuasion&gt;`),
    );
  });

  test("answers 400 to an invalid book, without repeating it", async () => {
    const response = await visit("/books", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: "", author: "A", year: "s3cret", genre: "poetry", owner: "s3cret" }),
    });
    expect(response.status).toBe(400);
    const answer = await response.clone().text();
    expect(answer).not.toContain("s3cret");
    expect(await mistakes(response)).toEqual(expect.arrayContaining(["body title", "body year"]));
  });

  test("answers 400 to invalid JSON and 415 to an unsupported type", async () => {
    const json = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
    expect((await visit("/books", json)).status).toBe(400);
    const xml = { method: "POST", headers: { "content-type": "application/xml" }, body: "<book/>" };
    expect((await visit("/books", xml)).status).toBe(415);
  });

  test("has a page that shows every book", async () => {
    const response = await visit("/books/browse");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await response.text();
    expect(html).toContain("The Chemical History of a Candle");
    expect(html.match(/<li class="book" id="book-\d+">/g)?.length).toBeGreaterThanOrEqual(18);
  });
});

describe("a browser gets", () => {
  const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

  const rules = readFileSync(new URL("guides/house-rules.md", contentRoot));

  /** The text of the panel at the end of a page, without its tags. */
  async function panelOf(response: Response): Promise<string> {
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await response.text();
    const [, panel] = /<aside class="travelled"[^>]*>\n([^]*)<\/aside>\n/.exec(html) ?? [];
    expect(html.match(/<aside/g)).toHaveLength(1);
    expect(panel).toContain('<a href="/__tricorn">See each record in the inspector</a>');
    return panel!
      .replaceAll(/<[^>]*>/g, "")
      .replaceAll(/\s+/g, " ")
      .trim();
  }

  test.each([
    ["/books/browse", 200, "Responder, role 1 got the request, and answered 200: this page."],
    ["/books/4", 200, "Responder, role 1 got the request, and answered 200: this page."],
    ["/books/4711", 404, "Responder, role 1 got the request, and answered 404: this page."],
    ["/nothing-here", 404, "Responder, role 1 got the request, and answered 404: this page."],
    ["/guides/nothing-here.md", 404, "Responder, role 1 got the request, and answered 404: this page."],
    ["/books?genre=cookery", 400, "Responder, role 1 got the request, and answered 400: this page."],
    [
      "/guides/house-rules.md",
      200,
      `Filter, role 3 got DATA, the ${rules.length} bytes of /guides/house-rules.md, and answered 200: this page.`,
    ],
    [
      "/members/card.html",
      401,
      "Authorizer, role 2 decided 401: the request may not pass. It handed on no variable.",
    ],
  ])("%s with %i and what has travelled for it", async (path, status, sentence) => {
    const response = await visit(path, { headers: browser });
    expect(response.status).toBe(status);
    expect(await panelOf(response)).toContain(sentence);
  });

  test("the variables and the file in the panel of a members' page, as text", async () => {
    const response = await visit("/members/card.html", { headers: browser, as: "emmy:noether" });
    const panel = await panelOf(response);
    expect(panel).toMatch(/Authorizer, role 2 decided 200: the request may pass, with these variables\./);
    expect(panel).toMatch(
      / Variable-AUTH_USERemmy Variable-MEMBER_NAMEEmmy Noether Variable-MEMBER_CITYGöttingen /,
    );
    expect(panel).toMatch(
      /Filter, role 3 got DATA, the \d+ bytes of \/members\/card\.html, and the variables as params/,
    );
  });

  test("a page with a way on where a program gets a problem description", async () => {
    const page = await visit("/books?genre=cookery&page=0", { headers: browser });
    expect(page.status).toBe(400);
    expect(page.headers.get("vary")).toBe("Accept");
    const html = await page.text();
    for (const place of ["query genre", "query page"]) expect(html).toContain(`<li><code>${place}</code>: `);
    for (const way of ["/books/browse", "/"]) expect(html).toContain(`<a href="${way}">`);
    expect(await mistakes(await visit("/books?genre=cookery"))).toEqual(["query genre"]);
  });

  test("a page that leads on from the members' gate, with the challenge", async () => {
    for (const [as, status, title] of [
      ["ada:byron", 401, "For members only"],
      ["charles:babbage", 403, "A lapsed membership"],
    ] as const) {
      const response = await visit("/members/welcome.html", { headers: browser, as });
      expect(response.status).toBe(status);
      expect(response.headers.has("www-authenticate")).toBe(status === 401);
      const html = await response.text();
      expect(html).toContain(`<h1>${title}</h1>`);
      expect(html).toContain('<a href="/">');
    }
  });

  test("an icon on each page, and where it looks by itself", async () => {
    for (const path of [
      "/",
      "/books/browse",
      "/books/4",
      "/guides/roles.md",
      "/members/welcome.html",
      "/books/x",
    ]) {
      const response = await visit(path, { headers: browser, as: "ada:lovelace" });
      const html = await response.text();
      const [, icon] = /<link rel="icon" href="([^"]+)"/.exec(html)!;
      const found = await visit(new URL(icon!, new URL(path, library.url)).href);
      expect([path, found.status, found.headers.get("content-type")]).toEqual([path, 200, "image/svg+xml"]);
    }
    const ico = await visit("/favicon.ico");
    expect([ico.status, ico.headers.get("content-type")]).toEqual([200, "image/vnd.microsoft.icon"]);
  });
});

describe("the shelf list", () => {
  test("has a line for each copy", async () => {
    const response = await visit("/books/copies.csv?each=50");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const lines = (await response.text()).trimEnd().split("\r\n");
    expect(lines[0]).toBe("book,copy,title,author");
    expect(lines[1]).toBe('1,1,"The Adventures of Sherlock Holmes","Arthur Conan Doyle"');
    expect((lines.length - 1) % 50).toBe(0);
  });

  test("is sent while it is generated, no faster than it is read", async () => {
    let made = 0;
    const copies = BookStore.prototype.copies;
    const spy = vi.spyOn(BookStore.prototype, "copies");
    let stopped!: () => void;
    const ended = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    spy.mockImplementation(function* (this: BookStore, each) {
      try {
        for (const copy of copies.call(this, each)) {
          made++;
          yield copy;
        }
      } finally {
        stopped();
      }
    });

    const response = await visit("/books/copies.csv?each=100000");
    const reader = response.body!.getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value ?? []).toString()).toMatch(/^book,copy,title,author\r\n1,1,/);
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(1_000_000);
    // A client that leaves early stops the generator, too.
    await reader.cancel();
    await ended;
    expect(made).toBeLessThan(1_000_000);
  });
});

describe("covers", () => {
  const png = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(300_000, 0x5a)]);

  function upload(image: Buffer, field = "cover"): RequestInit {
    const form = new FormData();
    form.set(field, new Blob([image], { type: "image/png" }), "../../cover.png");
    return { method: "POST", body: form };
  }

  test("can be uploaded, replaced and downloaded unchanged", async () => {
    expect((await visit("/books/7/cover")).status).toBe(404);
    const answer = await visit("/books/7/cover", upload(png));
    expect(answer.status).toBe(303);
    const back = new URL(answer.headers.get("location")!, new URL("/books/7/cover", library.url));
    expect(`${back.pathname}${back.hash}`).toBe("/books/browse#book-7");
    const cover = await visit("/books/7/cover");
    expect(cover.headers.get("content-type")).toBe("image/png");
    expect(cover.headers.get("content-length")).toBe(String(png.length));
    expect(cover.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await cover.arrayBuffer()).equals(png)).toBe(true);
    expect(await (await visit("/books/7/cover", { method: "HEAD" })).text()).toBe("");
    expect(await (await visit("/books/browse")).text()).toContain('src="7/cover"');

    const gif = Buffer.from("GIF89a and some more");
    expect((await visit("/books/7/cover", upload(gif))).status).toBe(303);
    const replaced = await visit("/books/7/cover");
    expect(replaced.headers.get("content-type")).toBe("image/gif");
    expect(await replaced.text()).toBe("GIF89a and some more");
  });

  test("are refused if they are not images, whatever their name", async () => {
    expect((await visit("/books/8/cover", upload(Buffer.from("<svg onload='alert(1)'>")))).status).toBe(415);
    expect((await visit("/books/8/cover")).status).toBe(404);
  });

  test("are refused if they are too large", async () => {
    const large = Buffer.concat([png, Buffer.alloc(COVER_LIMIT)]);
    expect((await visit("/books/8/cover", upload(large))).status).toBe(413);
    expect((await visit("/books/8/cover")).status).toBe(404);
  });

  test("are refused for unknown books and for forms without a cover", async () => {
    expect((await visit("/books/4711/cover", upload(png))).status).toBe(404);
    expect((await visit("/books/8/cover", upload(png, "hat"))).status).toBe(400);
    const plain = { method: "POST", body: "cover", headers: { "content-type": "text/plain" } };
    expect((await visit("/books/8/cover", plain)).status).toBeGreaterThanOrEqual(400);
  });
});
