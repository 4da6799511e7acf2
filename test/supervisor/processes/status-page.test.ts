import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";

import { PAGE_LIMIT, complaintsOf, launchBrowser } from "../../support/browser.js";
import { get } from "../../support/records.js";
import { temporaryFolder } from "../../support/served.js";
import { nginx } from "../../support/web-servers/nginx.js";
import { WebServer } from "../../support/web-servers/web-server.js";
import { Operated, type OperatedOptions } from "../operated.js";

let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser.close());

afterEach(() => context.close());

/** nginx before the status listeners at this address, below a prefix. */
async function startNginx(address: string): Promise<string> {
  const server = `location ~ ^/inside/(ping|status)$ { allow 127.0.0.1; deny all; fastcgi_pass unix:${address}; }`;
  const { url, stop } = await WebServer.start(nginx(() => ({ server }))).then((started) => ({
    url: started.url,
    stop: () => started.stop(),
  }));
  onTestFinished(stop);
  return url;
}

/** A master with a status listener, and its page behind nginx. */
async function openPage(
  options: OperatedOptions = {},
  width = 1280,
): Promise<{ operated: Operated; restart: () => Promise<Operated>; complaints: readonly string[] }> {
  const address = join(temporaryFolder(), "status.sock");
  const start = (): Promise<Operated> =>
    Operated.start({ ...options, args: ["--status-listen", address, ...(options.args ?? [])] });
  const [operated, url] = [await start(), await startNginx(address)];
  context = await browser.newContext({ viewport: { width, height: 900 } });
  context.setDefaultTimeout(PAGE_LIMIT);
  page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(`${url}/inside/status?html`);
  await shows("headline", /^Serving$/);
  return { operated, restart: start, complaints };
}

/** Waits until a part of the page has a text. */
async function shows(id: string, pattern: RegExp): Promise<void> {
  const text = async (): Promise<string> =>
    (await page.locator(`#${id}`).innerText()).replaceAll(/\s+/g, " ");
  await expect.poll(text).toMatch(pattern);
}

/** The requests of all workers on the page. */
async function requestsShown(): Promise<number> {
  const text = await page.locator("#workers").innerText();
  return [...text.matchAll(/Requests\s+([\d,]+)/g)]
    .map(([, count]) => Number(count!.replaceAll(",", "")))
    .reduce((sum, count) => sum + count, 0);
}

test("the page shows what was requested, what is active, and a reload that waits for it", async () => {
  const { operated, complaints } = await openPage({ workers: 2 });
  for (let asked = 0; asked < 30; asked += 1) await operated.get("/");
  const peers = await Promise.all(["a", "b", "c"].map(() => operated.connect()));
  for (const [at, peer] of peers.entries()) peer.send(get(1, `/wait/${at}`));
  await shows("active", /^Active now 3 requests/);
  expect(await requestsShown()).toBe(33);
  const reloaded = operated.tricorn("reload");
  await shows("workers", /leaving pid/);
  await reloaded;
  await shows("reloads", /ok Generation 1 .* 2 workers replaced/);
  operated.release();
  await Promise.all(peers.map((peer) => peer.answer(1)));
  await shows("active", /No request is active/);
  await shows("facts", /2 of 2 workers ready generation 1 /);
  await shows("headline", /^Serving$/);
  expect(complaints).toEqual([]);
});

test("the page shows a worker that was killed, and a reload that failed without its reason", async () => {
  const { operated, complaints } = await openPage({ workers: 2 }, 360);
  const [{ pid } = { pid: 0 }] = await operated.workers();
  process.kill(pid, "SIGKILL");
  await shows("findings", /1 worker ended unasked in the last 10 min, .* by SIGKILL\./);
  await shows("ends", new RegExp(`crashed SIGKILL .* pid ${pid}, after`));
  await shows("facts", /2 of 2 workers ready/);
  operated.breakVersion();
  expect((await operated.tricorn("reload")).code).toBe(1);
  await shows("findings", /The reload at [\d:]+ failed: the old version serves on\./);
  await shows(
    "reloads",
    /failed Generation 1 .* 0 workers replaced in .*; a worker did not start; the log says why/,
  );
  expect(await page.locator("body").innerText()).not.toContain("table of prices");
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  expect(complaints).toEqual([]);
});

test("the page says since when there is no master, and goes on with the next one", async () => {
  const { operated, restart, complaints } = await openPage({ workers: 1 });
  await operated.stop();
  await shows("headline", /^Not reachable since [\d:]+$/);
  await shows(
    "facts",
    /The Web server answers 502: no master answers behind it; it has stopped, or it starts\./,
  );
  await shows("workers", /Slot 0 ready/);
  const next = await restart();
  await page.getByRole("button", { name: "Ask now" }).click();
  await shows("headline", /^Serving$/);
  await shows("facts", new RegExp(`master pid ${next.master.pid} `));
  // The browser reports the answers that were no success.
  expect(complaints.filter((text) => !text.includes("502 (Bad Gateway)"))).toEqual([]);
});
