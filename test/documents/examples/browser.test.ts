import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { PAGE_LIMIT, launchBrowser } from "../../support/browser.js";
import { startLibrary, type Library } from "../../../examples/library/start.js";

// A PNG of one pixel.
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

let library: Library;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  vi.stubEnv("TRICORN_LOG_LEVEL", "error");
  library = await startLibrary({ port: 0 });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await library?.close();
});

beforeEach(async () => {
  context = await browser.newContext({ httpCredentials: { username: "ada", password: "lovelace" } });
  context.setDefaultTimeout(PAGE_LIMIT);
  page = await context.newPage();
  complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(library.url);
});

afterEach(() => context.close());

/** Clicks a link and waits for the page that it leads to. */
async function follow(name: string): Promise<void> {
  await Promise.all([page.waitForEvent("load"), page.getByRole("link", { name, exact: true }).click()]);
}

function heading(): Promise<string> {
  return page.getByRole("heading", { level: 1 }).innerText();
}

/** Answers each question for a password with "Cancel". */
async function cancelLogIns(visit: Page): Promise<void> {
  const session = await visit.context().newCDPSession(visit);
  session.on("Fetch.requestPaused", ({ requestId }) => {
    void session.send("Fetch.continueRequest", { requestId });
  });
  session.on("Fetch.authRequired", ({ requestId }) => {
    const authChallengeResponse = { response: "CancelAuth" as const };
    void session.send("Fetch.continueWithAuth", { requestId, authChallengeResponse });
  });
  await session.send("Fetch.enable", { handleAuthRequests: true });
}

/** The steps in the panel of a page: what has travelled for it. */
async function travelled(): Promise<string[]> {
  const panel = page.getByRole("complementary", { name: "What has just travelled" });
  const steps = await panel.getByRole("listitem").allInnerTexts();
  return steps.map((step) => step.replaceAll(/\s+/g, " "));
}

/** The JSON that the browser shows. */
async function shownJson(): Promise<unknown> {
  return JSON.parse(await page.locator("body").innerText()) as unknown;
}

describe("the start page in a browser", () => {
  test("names the three roles and has no error", async () => {
    expect(await heading()).toBe("The Members’ Library");
    const roles = await page.locator(".role dt").allInnerTexts();
    expect(roles).toEqual(["Responder role 1", "Authorizer role 2", "Filter role 3"]);
    expect(complaints).toEqual([]);
  });

  test.each([320, 768, 1440])("fits a window that is %i pixels wide, like the other pages", async (width) => {
    await page.setViewportSize({ width, height: 800 });
    for (const path of [
      "",
      "books/browse",
      "books/4",
      "books/x",
      "guides/roles.md",
      "members/welcome.html",
      "members/card.html",
    ]) {
      await page.goto(new URL(path, library.url).href);
      const needed = await page.evaluate("document.documentElement.scrollWidth");
      expect(`${path} ${String(needed)}`).toBe(`${path} ${width}`);
    }
  });

  test("says that nothing has travelled for it, and leads to the inspector", async () => {
    const panel = page.getByRole("complementary", { name: "What has just travelled" });
    expect(await panel.innerText()).toMatch(/Nothing: this page and its style sheet are plain files/);
    const link = panel.getByRole("link", { name: "See each record in the inspector" });
    await Promise.all([page.waitForEvent("load"), link.click()]);
    expect(new URL(page.url()).pathname).toBe("/__tricorn");
    expect(await page.title()).toMatch(/inspector/i);
    expect(complaints).toEqual([]);
  });

  test("is dark in dark mode", async () => {
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
  });

  test("has only links that these tests follow", async () => {
    const links = await page.getByRole("link").allInnerTexts();
    expect(links).toEqual([
      "The three roles",
      "Browse the shelves",
      "Mysteries, as JSON",
      "Book number 4",
      "A mistaken search",
      "The shelf list",
      "Your welcome",
      "Your library card",
      "Your shelf, as JSON",
      "See each record in the inspector",
    ]);
  });
});

describe("the links that are open to everyone", () => {
  test("lead to the guides, which a filter renders from Markdown", async () => {
    await follow("The three roles");
    expect(await heading()).toBe("The three roles");
    expect(await page.getByRole("row").count()).toBe(4);
    await follow("house rules");
    expect(await heading()).toBe("House rules");
    expect(await page.locator("body").innerText()).toContain("<script>alert(1)</script>");
    await follow("The library");
    expect(await heading()).toBe("The Members’ Library");
    expect(complaints).toEqual([]);
  });

  test("lead to the books as JSON", async () => {
    await follow("Mysteries, as JSON");
    expect(await shownJson()).toMatchObject({ total: 3 });
  });

  test("lead to a book as a page", async () => {
    await follow("Book number 4");
    const title = "Frankenstein; or, The Modern Prometheus";
    expect(await heading()).toBe(title);
    expect(await page.getByRole("main").innerText()).toContain("By Mary Shelley, 1818.");
    const [curl = "", address = ""] = (await page.locator("code").innerText()).split(" ");
    expect(curl).toBe("curl");
    expect(await (await fetch(address)).json()).toMatchObject({ title });
    expect(await travelled()).toEqual(["Responder, role 1 got the request, and answered 200: this page."]);
    await follow("the shelves");
    expect(new URL(page.url()).hash).toBe("#book-4");
    expect(await page.locator(":target").getByRole("heading").innerText()).toBe(title);
    expect(complaints).toEqual([]);
  });

  test("lead to a page that explains an invalid search, and leads on", async () => {
    const response = page.waitForResponse(/cookery/);
    await follow("A mistaken search");
    expect((await response).status()).toBe(400);
    expect(await heading()).toBe("400 Bad Request");
    const places = await page.getByRole("main").locator("li code").allInnerTexts();
    expect(places.sort()).toEqual(["query genre", "query page"]);
    expect(await travelled()).toEqual(["Responder, role 1 got the request, and answered 400: this page."]);
    await follow("the shelves");
    expect(await heading()).toBe("The shelves");
  });

  test("lead to the shelf list as a download", async () => {
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "The shelf list" }).click();
    expect((await download).suggestedFilename()).toBe("copies.csv");
    const csv = await readFile(await (await download).path(), "utf8");
    expect(csv.startsWith("book,copy,title,author\r\n1,1,")).toBe(true);
    expect(csv.trimEnd().split("\r\n").length).toBeGreaterThanOrEqual(18_001);
  });

  test("lead to the shelves, where a book is added and gets a cover", async () => {
    await follow("Browse the shelves");
    expect(await heading()).toBe("The shelves");
    expect(await page.getByRole("listitem").count()).toBeGreaterThanOrEqual(18);

    await page.getByLabel("Title").fill("Kim & <Co>");
    await page.getByLabel("Author").fill("Rudyard Kipling");
    await page.getByLabel("Year").fill("1901");
    await page.getByLabel("Genre").selectOption("adventure");
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Add" }).click()]);
    expect(await heading()).toBe("The shelves");
    expect(await page.locator(":target").getByRole("heading").innerText()).toBe("Kim & <Co>");

    const book = page.getByRole("listitem").filter({ hasText: "Kim & <Co>" });
    await book.getByText("Change the cover").click();
    await book.getByLabel("Cover of").setInputFiles({ name: "kim.png", mimeType: "image/png", buffer: png });
    const cover = page.waitForResponse(
      (response) => response.status() === 200 && response.url().endsWith("/cover"),
    );
    await book.getByRole("button", { name: "Upload" }).click();
    expect((await cover).headers()["content-type"]).toBe("image/png");
    expect(await heading()).toBe("The shelves");
    expect(await page.locator(":target").getByRole("heading").innerText()).toBe("Kim & <Co>");

    const image = page.getByRole("img", { name: "Cover of Kim & <Co>" });
    await image.scrollIntoViewIfNeeded();
    expect(await image.evaluate((element) => (element as { naturalWidth?: number }).naturalWidth)).toBe(1);
    expect(complaints).toEqual([]);
  });
});

describe("the links for members", () => {
  test("lead to pages that name the user who is logged in", async () => {
    await follow("Your welcome");
    expect(await heading()).toBe("Welcome, Ada Lovelace");
    expect(await travelled()).toEqual([
      expect.stringMatching(
        /^Authorizer, role 2 decided 200: .* Variable-AUTH_USER ada Variable-MEMBER_NAME Ada Lovelace /,
      ),
      expect.stringMatching(
        /^Filter, role 3 got DATA, the \d+ bytes of \/members\/welcome\.html, and the variables/,
      ),
    ]);
    await follow("your shelf");
    expect(await shownJson()).toMatchObject({ member: "Ada Lovelace", favourite: "poetry" });
    await page.goBack();
    await follow("library card");
    expect(await page.getByRole("article").innerText()).toContain("London");
    expect(complaints).toEqual([]);
  });

  test("lead to the card and to the shelf", async () => {
    await follow("Your library card");
    expect(await page.getByRole("article").innerText()).toContain("Ada Lovelace");
    await page.goto(library.url);
    await follow("Your shelf, as JSON");
    const { books } = (await shownJson()) as { books: { genre: string }[] };
    expect(books.length).toBeGreaterThan(0);
    expect(new Set(books.map(({ genre }) => genre))).toEqual(new Set(["poetry"]));
  });

  test("stay closed to a browser without a log-in, and lead on", async () => {
    const stranger = await browser.newContext();
    const visit = await stranger.newPage();
    await visit.goto(library.url);
    await cancelLogIns(visit);
    const response = visit.waitForResponse(/members/);
    await visit.getByRole("link", { name: "Your welcome" }).click();
    expect((await response).status()).toBe(401);
    const title = visit.getByRole("heading", { level: 1 });
    expect(await title.innerText()).toBe("For members only");
    await visit.getByRole("link", { name: "the start page" }).click();
    await visit.waitForURL(library.url);
    expect(await title.innerText()).toBe("The Members’ Library");
    await stranger.close();
  });
});
