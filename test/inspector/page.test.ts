import { once } from "node:events";
import { connect } from "node:net";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { allow, deny } from "../../src/roles/verdict.js";
import { http } from "../gateway/support/http.js";
import { PAGE_LIMIT, complaintsOf, contrastsOf, launchBrowser } from "../support/browser.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";
import { openInspected, type Inspected } from "./support/inspected.js";

const HOSTILE = `<img src=x onerror="document.title='hacked'"><script>document.title='hacked'</script>`;
const SECRET = "Zm9yLW5vYm9keS1lbHNl";

let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: readonly string[];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser.close());

afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

/** An application with all three roles behind a gateway with an inspector. */
async function openSite(): Promise<Inspected & { release: () => void }> {
  const hanging = deferred();
  const { address } = await serveDefinitions([
    {
      kind: "authorizer",
      name: "Gate",
      paths: ["/members/**"],
      authorize: ({ headers }) =>
        headers.get("cookie") === undefined
          ? deny(401, { body: "Who are you?" })
          : allow({ AUTH_USER: "ada", MEMBER_NAME: "Ada Lovelace" }),
    },
    {
      kind: "filter",
      name: "Shout",
      paths: ["*.txt"],
      filter: async function* ({ data }) {
        for await (const piece of data) yield Buffer.from(piece).toString("latin1").toUpperCase();
      },
    },
    responder({
      "GET /hello": () => "hello",
      "POST /echo": ({ body }) => body.stream(),
      "GET /many": async function* () {
        for (let line = 0; line < 40; line += 1) {
          yield `line ${line}\n`;
          await new Promise(setImmediate);
        }
      },
      "GET /waits": async () => {
        await hanging.promise;
        return "at last";
      },
      "GET /*": () => HOSTILE,
    }),
  ]);
  const inspected = await openInspected({
    address,
    files: { "members/card.txt": "your card\n", "plain.html": "plain" },
    routes: {
      protect: ["/members/**"],
      filter: ["*.txt"],
      respond: ["/hello", "/echo", "/many", "/waits", "/x"],
    },
    client: { maxConnections: 1, multiplex: true },
  });
  onTestFinished(() => hanging.resolve());
  return Object.assign(inspected, { release: () => hanging.resolve() });
}

/** Opens the inspector in a browser. */
async function openPage(
  { url }: Inspected,
  { width = 1280, colorScheme = "light" }: { width?: number; colorScheme?: "light" | "dark" } = {},
): Promise<void> {
  context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  context.setDefaultTimeout(PAGE_LIMIT);
  page = await context.newPage();
  complaints = complaintsOf(page);
  await page.goto(`${url}/__tricorn`);
  await page.getByText("Live", { exact: true }).waitFor();
}

const items = (): Locator => page.getByRole("navigation", { name: "Requests" }).getByRole("link");

/** Waits until the list shows this many requests, and returns their texts. */
async function listed(count: number): Promise<string[]> {
  await expect.poll(() => items().count()).toBe(count);
  return (await items().allInnerTexts()).map((text) => text.replaceAll(/\s+/g, " "));
}

/** Opens the request of the list with this text. */
async function open(text: RegExp): Promise<void> {
  await items().filter({ hasText: text }).first().click();
  await page.getByRole("article").waitFor();
}

/** Opens a record and returns what it shows. */
async function openRecord(name: RegExp, within: Page | Locator = page): Promise<Locator> {
  await within.getByRole("button", { name }).first().click();
  const row = within.getByRole("listitem").filter({ has: page.getByRole("button", { name }) });
  const opened = row.first().locator(".opened");
  await opened.waitFor();
  return opened;
}

describe("the list of requests", () => {
  test("shows each request as it happens, with its roles, its decision and its status", async () => {
    const site = await openSite();
    await openPage(site);
    expect(await page.getByRole("status").last().innerText()).toBe("No request yet");
    await http(site.url, "/plain.html");
    await http(site.url, "/members/card.txt");
    await http(site.url, "/members/card.txt", { headers: { Cookie: "sid=1234" } });
    // It is listed when it begins.
    await expect
      .poll(async () => (await listed(3))[0])
      .toMatch(/^200 GET \/members\/card.txt .*ms Authorizer allowed Filter 200 /);
    const [, denied, file] = await listed(3);
    expect(denied).toMatch(/^401 GET \/members\/card.txt .*ms Authorizer denied 401 /);
    expect(file).toMatch(/^200 GET \/plain.html .*ms [\d:]+$/);
  });

  test("is filtered by path, role and status", async () => {
    const site = await openSite();
    await http(site.url, "/plain.html");
    await http(site.url, "/hello");
    await http(site.url, "/members/card.txt");
    await openPage(site);
    await listed(3);
    await page.getByLabel("Path contains").fill("HEL");
    expect((await listed(1))[0]).toContain("/hello");
    await page.getByLabel("Path contains").fill("");
    await page.getByLabel("Role").selectOption("authorizer");
    expect((await listed(1))[0]).toContain("/members/card.txt");
    await page.getByLabel("Role").selectOption("none");
    expect((await listed(1))[0]).toContain("/plain.html");
    await page.getByLabel("Role").selectOption("");
    await page.getByLabel("Status").selectOption("4");
    expect((await listed(1))[0]).toContain("401");
    await page.getByLabel("Status").selectOption("denied");
    expect((await listed(1))[0]).toContain("denied 401");
    await page.getByLabel("Status").selectOption("failed");
    await listed(0);
    await page.getByLabel("Status").selectOption("2");
    await listed(2);
    expect(await page.getByRole("status").last().innerText()).toBe("2 of 3 requests");
  });

  test("is walked through and opened with the keyboard", async () => {
    const site = await openSite();
    await http(site.url, "/hello");
    await http(site.url, "/plain.html");
    await openPage(site);
    await listed(2);
    await items().first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: "GET /hello" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "What travels between Web server and application" }).waitFor();
  });

  test("is emptied by Clear", async () => {
    const site = await openSite();
    await http(site.url, "/hello");
    await openPage(site);
    await listed(1);
    await page.getByRole("button", { name: "Clear" }).click();
    await listed(0);
    expect(await site.requests()).toEqual([]);
  });
});

describe("an opened request", () => {
  test("tells what happened, and how variables pass from the authorizer to the filter", async () => {
    const site = await openSite();
    await http(site.url, "/members/card.txt", { headers: { Cookie: "sid=1234" } });
    await openPage(site);
    await open(/card/);
    const article = page.getByRole("article");
    const text = await article.innerText();
    expect(text).toContain(
      "The path is protected, so the gateway first asks the authorizer. It allows the request",
    );
    expect(text).toContain(
      "The gateway sends the file as DATA and gets it back transformed. It answers with status 200.",
    );
    const variables = page.getByRole("region", { name: "Variables" });
    expect(await variables.getByRole("row").allInnerTexts()).toEqual([
      "Variable-AUTH_USER\tada",
      "Variable-MEMBER_NAME\tAda Lovelace",
    ]);
    const filter = page.getByRole("region", { name: "Filter" });
    const params = await openRecord(/^PARAMS, \d/, filter);
    expect(await params.getByRole("row", { name: /MEMBER_NAME/ }).innerText()).toMatch(
      /MEMBER_NAME\s*from the authorizer\s*Ada Lovelace/,
    );
    expect(await params.getByRole("row", { name: /HTTP_COOKIE/ }).innerText()).toMatch(/sid=••••$/);
    expect(await params.innerText()).toContain("•••• is a secret, which this page does not get.");
    const link = params.getByRole("link", { name: "Section 5.2" });
    expect(await link.getAttribute("href")).toBe(
      "https://fastcgi-archives.github.io/FastCGI_Specification.html#S5.2",
    );
  });

  test("says of a denied request whether it came with credentials", async () => {
    const site = await openSite();
    await http(site.url, "/members/card.txt");
    await http(site.url, "/members/card.txt", { headers: { Authorization: "Basic YWRhOmw=" } });
    await openPage(site);
    await listed(2);
    const story = (): Promise<string> => page.locator(".story").innerText();
    await items().last().click();
    await expect
      .poll(story)
      .toContain("It denies the request with status 401. Its answer goes to the browser");
    expect(await story()).toContain("neither Authorization nor Cookie");
    await items().first().click();
    await expect.poll(story).toContain("The request came with Authorization.");
  });

  test("shows the records as arrows between Web server and application, in order", async () => {
    const site = await openSite();
    await http(site.url, "/members/card.txt", { headers: { Cookie: "sid=1234" } });
    await openPage(site);
    await open(/card/);
    const names = (role: string): Promise<string[]> =>
      page
        .getByRole("region", { name: role, exact: true })
        .locator(".arrow")
        .evaluateAll((arrows) =>
          arrows.map((arrow) => arrow.getAttribute("aria-label")!.replace(/, after.*/, "")),
        );
    const authorizer = await names("Authorizer");
    expect(authorizer[0]).toBe("BEGIN_REQUEST, authorizer, keep the connection, 8 bytes, to the application");
    expect(authorizer.slice(2)).toEqual([
      "PARAMS, end of the stream, 0 bytes, to the application",
      "STDIN, end of the stream, 0 bytes, to the application",
      expect.stringMatching(/^STDOUT, Status: 200 OK, \d+ bytes, to the Web server$/),
      "STDOUT, end of the stream, 0 bytes, to the Web server",
      "END_REQUEST, REQUEST_COMPLETE, application status 0, 8 bytes, to the Web server",
    ]);
    expect(await names("Filter")).toContain("DATA, your card, 10 bytes, to the application");
    const edges = await page.evaluate(`
      [".arrow.sent", ".arrow.received", ".ends"].map((selector) => {
        const { left, right } = document.querySelector(selector).getBoundingClientRect();
        return left + " " + right;
      })`);
    expect(new Set(edges as string[]).size).toBe(1);
  });

  test("opens a record with header, body and bytes", async () => {
    const site = await openSite();
    await http(site.url, "/hello");
    await openPage(site);
    await open(/hello/);
    const stdout = await openRecord(/^STDOUT, Status/);
    expect(await stdout.getByRole("row", { name: /Status/ }).innerText()).toMatch(/200 OK/);
    expect(await stdout.locator(".body pre").innerText()).toBe("hello");
    await stdout.getByText("Bytes", { exact: true }).click();
    expect(await stdout.innerText()).toMatch(/Header\s+01 06 00 01 /);
    expect(await stdout.getByLabel("Content in hexadecimal").innerText()).toMatch(
      /^0000 {2}53 74 61 74 75 73 3a 20 {2}Status: /,
    );
  });

  test("shows a long run of records as one line that opens", async () => {
    const site = await openSite();
    await http(site.url, "/many");
    await openPage(site);
    await open(/many/);
    const stdouts = page.getByRole("button", { name: /^STDOUT, .*line/ });
    const few = await stdouts.count();
    expect(few).toBeLessThan(8);
    await page.getByRole("button", { name: /^Show [\d,]+ more STDOUT records/ }).click();
    await expect.poll(() => stdouts.count()).toBeGreaterThan(few);
  });

  test("shows requests on the same connection beside it, and an abort", async () => {
    const site = await openSite();
    const socket = connect(Number(new URL(site.url).port), "127.0.0.1");
    socket.write("GET /waits HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await openPage(site);
    await listed(1);
    await expect.poll(async () => (await items().first().innerText()).includes("Responder asked")).toBe(true);
    await http(site.url, "/hello");
    socket.resetAndDestroy();
    await once(socket, "close");
    await expect.poll(async () => (await listed(2))[1]).toMatch(/^none GET \/waits .*Responder failed/);
    await open(/waits/);
    const article = page.getByRole("article");
    await article.getByRole("link", { name: /^#2 responder/ }).waitFor();
    expect(await article.getByRole("button", { name: /^ABORT_REQUEST/ }).count()).toBe(1);
    const lanes = await article
      .locator(".arrow")
      .evaluateAll((arrows) =>
        arrows.map(
          (arrow) => `${arrow.parentElement!.className} ${arrow.getAttribute("aria-label")!.split(",")[0]}`,
        ),
      );
    // The whole of the other request travelled between two records of this one.
    expect(lanes.slice(lanes.indexOf("row STDIN"), lanes.indexOf("row ABORT_REQUEST") + 1)).toEqual([
      "row STDIN",
      ...["BEGIN_REQUEST", "PARAMS", "PARAMS", "STDIN", "STDOUT", "STDOUT", "END_REQUEST"].map(
        (type) => `row beside ${type}`,
      ),
      "row ABORT_REQUEST",
    ]);
    expect(await article.innerText()).toContain("The request was aborted.");
    // The lanes scroll within the picture.
    await page.setViewportSize({ width: 320, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    expect(await page.evaluate("document.querySelector('main').scrollWidth")).toBeLessThanOrEqual(320);
    await article.getByRole("link", { name: /^#2 responder/ }).click();
    await page.getByRole("heading", { level: 2, name: "GET /hello" }).waitFor();
  });

  test("is sent again by Replay", async () => {
    const site = await openSite();
    await http(site.url, "/echo", { method: "POST", body: "again and again" });
    await openPage(site);
    await open(/echo/);
    await page.getByRole("button", { name: "Replay" }).click();
    await listed(2);
    await page.getByText("replay of #1").first().waitFor();
    await expect.poll(() => page.getByRole("article").getByText("#2 at").count()).toBe(1);
    const stdin = await openRecord(/^STDIN, again/);
    expect(await stdin.locator(".body pre").innerText()).toBe("again and again");
  });
});

describe("what a request holds", () => {
  test("is shown as text wherever it appears", async () => {
    const site = await openSite();
    const target = `/x?${HOSTILE.replaceAll(" ", "%20")}`;
    await http(site.url, target, { headers: { "X-Hostile": HOSTILE } });
    await openPage(site);
    await open(/onerror/);
    const stdout = await openRecord(/^STDOUT, Status/);
    expect(await stdout.locator(".body pre").innerText()).toBe(HOSTILE);
    const params = await openRecord(/^PARAMS, \d/);
    expect(await params.getByRole("row", { name: /HTTP_X_HOSTILE/ }).innerText()).toContain(HOSTILE);
    await page.getByText("What the browser sent").click();
    expect(await page.locator(".fields").innerText()).toContain(HOSTILE);
    expect(await page.locator("article img, article script, nav img, nav script").count()).toBe(0);
    expect(await page.title()).toBe("Tricorn inspector");
  });

  test("is masked where it is a secret, and does not even reach the page", async () => {
    const site = await openSite();
    const texts: Promise<string>[] = [];
    await openPage(site);
    page.on("response", (response) => {
      if (response.url().includes("/requests/") || response.url().includes("/records/"))
        texts.push(response.text());
    });
    await http(site.url, `/echo?token=${SECRET}`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${SECRET}`,
        Cookie: `sid=${SECRET}`,
        "X-Quoted": `it is ${SECRET}`,
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: `user=ada&password=${SECRET}`,
    });
    await open(/echo/);
    for (const record of [/^PARAMS, \d/, /^STDIN, user/, /^STDOUT, Status/, /^STDOUT, .*user/]) {
      if ((await page.getByRole("button", { name: record }).count()) > 0) await openRecord(record);
    }
    await page.getByText("What the browser sent").click();
    const shown = await page.locator("body").innerText();
    expect(shown).toContain("user=ada&password=••••");
    expect(shown).toContain("it is ••••");
    const all = (await Promise.all(texts)).join("\n");
    expect(all.length).toBeGreaterThan(1000);
    for (const text of [shown, all]) {
      expect(text).not.toContain(SECRET);
      expect(text.replaceAll(/[^0-9a-f]/g, "")).not.toContain(Buffer.from(SECRET).toString("hex"));
    }
  });
});

describe("the page", () => {
  test.each([320, 390, 1280])("fits a window that is %i pixels wide", async (width) => {
    const site = await openSite();
    await http(site.url, "/members/card.txt", { headers: { Cookie: "sid=1234" } });
    await openPage(site, { width });
    const needed = (): Promise<unknown> => page.evaluate("document.documentElement.scrollWidth");
    expect(await needed()).toBe(width);
    await open(/card/);
    await openRecord(/^PARAMS, \d/);
    expect(await needed()).toBe(width);
    if (width < 800) {
      await page.getByRole("link", { name: "All requests" }).click();
      await items().first().waitFor();
    }
  });

  test("is dark in dark mode", async () => {
    const site = await openSite();
    const background = "getComputedStyle(document.body).backgroundColor";
    await openPage(site);
    const light = await page.evaluate(background);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await page.evaluate(background)).not.toBe(light);
  });

  test("has enough contrast for its small texts, light and dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const site = await openSite();
      await http(site.url, "/members/card.txt", { headers: { Cookie: "sid=1234" } });
      await openPage(site, { colorScheme });
      await open(/card/);
      const ratios = await contrastsOf(page, ".soft, .chip, .status, .size, .gist, time, a");
      expect(ratios.length).toBeGreaterThan(20);
      // WCAG 2.2, success criterion 1.4.3.
      expect(Math.min(...ratios)).toBeGreaterThanOrEqual(4.5);
      if (colorScheme === "light") await context.close();
    }
  });

  test("connects again after the gateway has dropped it", async () => {
    const site = await openSite();
    await openPage(site);
    site.inspector.close();
    await page.getByText("Reconnecting").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await http(site.url, "/hello");
    await listed(1);
  });
});
