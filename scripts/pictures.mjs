// Takes the pictures of docs/inspector.md and docs/operations.md: `npm run docs:pictures`. It starts the example, sends some requests,
// and photographs the inspector with Debian's Chromium, wide and narrow, light and dark; then the status page of a shop with visitors.
import { request as httpRequest } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { startLibrary } from "../examples/library/start.ts";
import { startShop } from "./pictured/shop.mjs";

process.env["TRICORN_LOG_LEVEL"] = "silent";
const folder = fileURLToPath(new URL(process.argv[2] ?? "../docs/pictures/", import.meta.url));
const member = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
const PICTURES = [
  { name: "inspector", ...WIDE, colorScheme: "light" },
  { name: "inspector-record", ...WIDE, colorScheme: "dark" },
  { name: "inspector-shared", ...WIDE, height: 780, colorScheme: "light" },
  { name: "inspector-narrow", ...NARROW, colorScheme: "light" },
  { name: "inspector-narrow-record", ...NARROW, colorScheme: "dark" },
];

const STATUS_PICTURES = [
  { name: "status", ...WIDE, height: 1000, colorScheme: "light" },
  { name: "status-narrow", ...NARROW, colorScheme: "dark" },
];
/** How long the shop is visited before it is photographed; s. */
const VISITED = 60;

/** Sends a request to the library and reads its answer. */
function send(url, path, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, url), { method, headers }, (response) => {
      response.resume().on("end", resolve);
    });
    request.on("error", reject).end(body);
  });
}

const library = await startLibrary({ port: 0 });
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--headless"],
});
try {
  await send(library.url, "/");
  await send(library.url, "/guides/roles.md");
  await send(library.url, "/books?genre=mystery&token=abc");
  await send(library.url, "/books/4711");
  await send(library.url, "/members/card.html");
  const json = { "Content-Type": "application/json" };
  const book = JSON.stringify({ title: "Kim", author: "Rudyard Kipling", year: 1901, genre: "adventure" });
  await send(library.url, "/books", { method: "POST", headers: json, body: book });
  await send(library.url, "/books/copies.csv?each=400");
  await send(library.url, "/members/card.html", { headers: member });
  const together = ["/books/copies.csv?each=20", "/guides/roles.md", "/books/4"];
  await Promise.all(together.map((path) => send(library.url, path)));
  for (const { name, width, height, colorScheme } of PICTURES) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    await page.goto(library.inspectorUrl);
    const isShared = name.endsWith("shared");
    const target = isShared ? "/books/copies.csv?each=20" : "/members/card.html";
    await page
      .getByRole("link", { name: `GET ${target}` })
      .first()
      .click();
    await page.getByRole("heading", { name: isShared ? "Responder" : "Authorizer", exact: true }).waitFor();
    if (name.endsWith("record")) {
      const stdout = page.getByRole("button", { name: /^STDOUT, Status: 200/ }).first();
      await stdout.click();
      await page.locator(".opened").waitFor();
      await stdout.scrollIntoViewIfNeeded();
    }
    await page.screenshot({ path: `${folder}${name}.png` });
    await context.close();
  }
  await photographStatus();
} finally {
  await browser.close();
  await library.close();
}

/** Photographs the status of a shop that was reloaded, and in which one handler waits. */
async function photographStatus() {
  const shop = await startShop();
  let ended = [];
  try {
    const visitors = shop.open(VISITED + 20);
    await shop.open(VISITED / 2);
    shop.reload();
    for (let order = 0; order < 3; order += 1)
      await shop.visit({ path: "/orders", body: Buffer.alloc(20_000) });
    await shop.open(VISITED / 2 - 12);
    const waiting = Array.from({ length: 9 }, () => shop.visit({ path: "/stock" }));
    await shop.open(12);
    for (const { name, width, height, colorScheme } of STATUS_PICTURES) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      const page = await context.newPage();
      // Paths as they are on a server, not those of this checkout.
      await page.route(/json$/, async (route) => {
        const text = await (await route.fetch()).text();
        await route.fulfill({ contentType: "application/json", body: shop.asOnServer(text) });
      });
      await page.goto(shop.url);
      await page.locator(".worker").first().waitFor();
      await page.screenshot({ path: `${folder}${name}.png` });
      await context.close();
    }
    await visitors;
    ended = waiting;
  } finally {
    await shop.close();
    await Promise.all(ended);
  }
}
