import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { FastCgiClient } from "tricorn/client";
import { Gateway } from "tricorn/gateway";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { Server } from "../../src/server/server.js";
import { StatusApplication } from "../../src/supervisor/status-application.js";
import type { Status } from "../../src/supervisor/status.js";
import { PAGE_LIMIT, complaintsOf, contrastsOf, launchBrowser } from "../support/browser.js";
import { capturedLog, temporaryFolder } from "../support/served.js";
import { NOW, activeRequest, observed, serving, shortLife, worker } from "./status-fixture.js";

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

/** What the page is shown, until something else is. */
interface Shown {
  status: Status;
}

/** Opens the page behind the embedded gateway. */
async function open(
  first: Status,
  { width = 1280, colorScheme = "light" }: { width?: number; colorScheme?: "light" | "dark" } = {},
): Promise<Shown> {
  const shown: Shown = { status: first };
  const { log } = capturedLog();
  const master = {
    status: () => Promise.resolve(shown.status),
    ping: () => Promise.resolve("pong" as const),
    metrics: () => Promise.reject(new Error("It must not be asked")),
  };
  const server = new Server(new StatusApplication(master, log), { log });
  const address = join(temporaryFolder(), "status.sock");
  await server.listen(address);
  const client = new FastCgiClient({ address });
  const gateway = new Gateway({
    application: client,
    root: temporaryFolder(),
    port: 0,
    routes: { protect: [], filter: [], respond: ["/inside/status"] },
  });
  const { url } = await gateway.listen();
  onTestFinished(async () => {
    await gateway.close();
    await client.close();
    await server.close();
  });
  context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, timezoneId: "UTC" });
  context.setDefaultTimeout(PAGE_LIMIT);
  page = await context.newPage();
  complaints = complaintsOf(page);
  await page.goto(`${url}/inside/status?html`);
  await expect.poll(headline).not.toBe("Asking the master");
  return shown;
}

const headline = (): Promise<string> => page.locator("#headline").innerText();
const textOf = async (id: string): Promise<string> =>
  (await page.locator(`#${id}`).innerText()).replaceAll(/\s+/g, " ");

const hung = { ...worker(1), statistics: undefined };
const failedReload = {
  startedAt: NOW - 30_000,
  took: 400,
  generation: 2,
  replaced: 0,
  failure: { sentence: "s3cret", details: [] },
};
const recycled = { ...shortLife(30), how: "left", why: "memory", code: 0, age: 90_000 } as const;
const withLastMinute = (more: Partial<typeof observed.lastMinute>): Status => ({
  ...serving,
  observed: { ...observed, lastMinute: { ...observed.lastMinute, ...more } },
});

describe("the status page says in one look", () => {
  test.each<[string, Status, RegExp]>([
    ["Serving", serving, /^$/],
    ["No worker serves", { ...serving, workers: [] }, /^$/],
    [
      "No worker answers",
      { ...serving, workers: [hung] },
      /1 worker \(pid 101\) did not answer within 1 s: an event loop stands still/,
    ],
    ["1 of 2 workers does not answer", { ...serving, workers: [worker(0), hung] }, /--hang-report/],
    [
      "Reloading",
      { ...serving, workers: [worker(0), { ...worker(1), generation: 2, state: "starting" }] },
      /^$/,
    ],
    ["Stopping", { ...serving, isStopping: true }, /^$/],
    ["Draining: it serves on, then it stops", { ...serving, drainEndsAt: NOW + 5_000 }, /^$/],
    [
      "1 of 2 workers missing",
      { ...serving, workers: [worker(0)], lastEnds: [9, 6, 3].map(shortLife) },
      /Workers end as soon as they start: 3 in the last 10 min, the last one 3\.0 s ago, with code 7\. .* "pid":203/,
    ],
    [
      "Serving",
      { ...serving, lastReloads: [failedReload] },
      /The reload at 11:59:30 failed: the old version serves on\. .*“Cannot reload”, and so has “tricorn status”/,
    ],
    [
      "Serving",
      { ...serving, lastEnds: [recycled, { ...recycled, pid: 300 }] },
      /2 workers were replaced because of their memory in the last 10 min\. They ran for 1 min 30 s at least/,
    ],
    [
      "Serving",
      {
        ...serving,
        workers: [
          worker(0, [
            {
              ...activeRequest("/reports/1", 43_000),
              route: "GET /reports/:id",
              standsAt: "src/db.ts:12:20",
            },
          ]),
          worker(1, [
            {
              ...activeRequest("/reports/2", 20_000),
              route: "GET /reports/:id",
              standsAt: "src/db.ts:12:20",
            },
          ]),
        ],
      },
      /2 requests of GET \/reports\/:id are active, the oldest for 43 s\. The handler stands at src\/db\.ts:12:20/,
    ],
    [
      "Serving",
      withLastMinute({ failed: 2_000 }),
      /2,000 of 8,000 requests failed in the last minute\. .*Most since the start: POST \/books/,
    ],
    [
      "Serving",
      withLastMinute({ refused: 7 }),
      /7 requests were refused in the last minute\. .*Most since the start: ERR_LIMIT_BODY, 413: a body/,
    ],
    ["Serving", withLastMinute({ lag: 1_200 }), /An event loop stood still for 1\.2 s in the last minute/],
  ])("%s (case %$)", async (state, status, finding) => {
    await open(status);
    expect(await headline()).toBe(state);
    expect(await textOf("findings")).toMatch(finding);
    expect(await page.title()).toBe(`${state} · main.js · Tricorn status`);
    expect(await page.locator("body").innerText()).not.toContain("s3cret");
  });
});

describe("the status page shows", () => {
  test("workers, what is active, routes, slow requests, refusals, reloads, ends and totals", async () => {
    await open({ ...serving, lastEnds: [recycled] });
    expect(await textOf("workers")).toMatch(
      /Slot 1 ready pid 101 Age 1 min 0 s Generation 1 Memory 64\.0 MiB Requests 1,001 .*20 ms GET \/books\/7/,
    );
    expect(await textOf("active")).toBe("Active now 1 request 1× responder GET /books/7 20 ms");
    expect(await textOf("routes")).toMatch(/POST \/books 345 12 9\.00 ms 900 ms/);
    expect(await textOf("slow")).toMatch(
      /4\.3 s responder GET \/reports\/1999 200 stood at src\/reports\.ts:48:22/,
    );
    expect(await textOf("refusals")).toMatch(
      /3 ERR_LIMIT_BODY 413: a body or a file was longer than bodyBytes\./,
    );
    expect(await textOf("reloads")).toMatch(/ok Generation 1 11:59:00 2 workers replaced in 1\.5 s/);
    expect(await textOf("ends")).toMatch(
      /left recycled: its memory 11:59:30 Slot 1, pid 230, after 1 min 30 s/,
    );
    expect(await textOf("totals")).toMatch(/Requests 12,345 Failed 12 .* Received 2\.0 KiB Sent 3\.0 MiB/);
    expect(await textOf("charts")).toMatch(/Requests 147\/s .*Latency, p50 · p99 4\.00 ms · 40 ms/);
  });

  test("the rest if requests are not observed", async () => {
    await open({ ...serving, observed: undefined });
    expect(await headline()).toBe("Serving");
    expect(
      await page.locator("#charts, #routes, #slow, #refusals, #totals").filter({ visible: true }).count(),
    ).toBe(0);
    expect(await page.locator(".worker").count()).toBe(2);
  });

  test("what peers have sent as text, with invisible characters made visible", async () => {
    const paths = [
      "/<script>document.title='hacked'</script>",
      "/<img src=x onerror=\"document.title='hacked'\">",
      "/\u202Egnp.exe",
      `/${"x".repeat(200)}…`,
    ];
    const active = paths.map((path) => ({ ...activeRequest(path), method: "<b>GET" }));
    const routes = paths.map((route) => ({ ...observed.routes[0]!, route }));
    const slow = paths.map((path, id) => ({ ...observed.slow[0]!, path, id: String(id), standsAt: path }));
    const status = { ...serving, workers: [worker(0, active)], wanted: 1 };
    await open({ ...status, observed: { ...observed, routes, slow } }, { width: 360 });
    const text = await page.locator("body").innerText();
    for (const path of paths.slice(0, 2)) expect(text).toContain(`<b>GET ${path}`);
    expect(text).toContain("/\\u{202e}gnp.exe");
    expect(text).not.toContain("\u202E");
    expect(await page.locator("main").locator("img, script, a, b b").count()).toBe(0);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(await page.title()).toBe("Serving · main.js · Tricorn status");
  });

  test("64 workers with a thousand requests, and opens all routes", async () => {
    const workers = Array.from({ length: 64 }, (_, slot) =>
      worker(
        slot,
        Array.from({ length: 16 }, (_, at) => activeRequest(`/${slot}/${at}`, at)),
      ),
    );
    const routes = Array.from({ length: 100 }, (_, at) => ({ ...observed.routes[0]!, route: `GET /${at}` }));
    await open({ ...serving, workers, wanted: 64, observed: { ...observed, routes } }, { width: 360 });
    expect(await page.locator(".worker").count()).toBe(64);
    expect(await textOf("active")).toMatch(/^Active now 1,024 requests .* and 1012 more$/);
    expect(await page.locator("tbody tr").count()).toBe(12);
    await page.getByRole("button", { name: "Show all 100 routes" }).click();
    expect(await page.locator("tbody tr").count()).toBe(100);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  });
});

describe("the status page", () => {
  test.each([320, 360, 768, 1280])("fits a window that is %i pixels wide", async (width) => {
    await open({ ...serving, lastReloads: [failedReload], lastEnds: [recycled] }, { width });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
  });

  test("has enough contrast, light and dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await open(
        { ...serving, workers: [worker(0), hung], lastReloads: [failedReload], lastEnds: [recycled] },
        { colorScheme },
      );
      const ratios = await contrastsOf(
        page,
        "body :is(h1, h2, h3, h4, p, li, span, b, dt, dd, td, th, a, code, button)",
      );
      expect(ratios.length).toBeGreaterThan(150);
      // WCAG 2.2, success criterion 1.4.3.
      expect(Math.min(...ratios)).toBeGreaterThanOrEqual(4.5);
      if (colorScheme === "light") await context.close();
    }
  });

  test("is updated in place: what the reader has opened, focused and sorted stays", async () => {
    const shown = await open(serving);
    await page.locator("#active summary").click();
    await page.getByRole("button", { name: "Failed" }).focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("tbody tr").first().innerText()).toContain("POST /books");
    await page.evaluate("window.kept = [...document.querySelectorAll('.worker, .chart, path, tr, li, b')]");
    shown.status = { ...serving, workers: [worker(0), worker(1, [activeRequest("/books/7", 2_020)])] };
    await expect.poll(() => textOf("active")).toContain("2.0 s");
    expect(await page.evaluate("window.kept.every((one) => one.isConnected)")).toBe(true);
    expect(await page.locator("#active details[open]").count()).toBe(1);
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Failed");
    expect(await page.locator("tbody tr").first().innerText()).toContain("POST /books");
    expect(await page.getByRole("columnheader", { name: "Failed" }).getAttribute("aria-sort")).toBe(
      "descending",
    );
  });

  test("reads a chart with the keyboard and with the pointer", async () => {
    await open(serving);
    const plot = page.getByRole("slider", { name: "Requests in the last five minutes" });
    await plot.focus();
    expect(await plot.getAttribute("aria-valuetext")).toBe("12:00:00 149/s 0 failed, 0 refused");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => plot.getAttribute("aria-valuetext")).toBe("11:59:58 148/s 0 failed, 0 refused");
    expect(await textOf("charts")).toMatch(/Requests 148\/s 11:59:58/);
    await page.keyboard.press("Escape");
    await expect.poll(() => textOf("charts")).toMatch(/Requests 147\/s/);
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await expect.poll(() => textOf("charts")).toMatch(/Requests 7[456](?:\.\d)?\/s 11:57:3\d .*11:57:3\d/);
  });

  test("asks its own path alone, and not while it is hidden", async () => {
    const asked: string[] = [];
    await open(serving);
    page.on("request", (request) => asked.push(request.url()));
    await page.waitForRequest(/json$/);
    const url = page.url().replace("?html", "?json");
    const hide = (state: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, get: () => ${state} });
        document.dispatchEvent(new Event("visibilitychange"))`);
    await hide(true);
    await expect.poll(() => page.locator("#live").innerText()).toBe("Paused");
    expect(
      await page.evaluate(`performance.getEntriesByType("resource").every(({ name }) => name === "${url}")`),
    ).toBe(true);
    expect(new Set(asked)).toEqual(new Set([url]));
    await hide(false);
    await expect.poll(() => page.locator("#live").innerText()).toBe("Live");
  });
});
