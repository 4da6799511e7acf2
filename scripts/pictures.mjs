// Takes the pictures of docs/inspector.md: `npm run docs:pictures`. It starts the example, sends some requests, and photographs
// the inspector with Debian's Chromium, wide and narrow, light and dark.
import { request as httpRequest } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { startLibrary } from "../examples/library/start.ts";

process.env["TRICORN_LOG_LEVEL"] = "silent";
const folder = fileURLToPath(new URL(process.argv[2] ?? "../docs/pictures/", import.meta.url));
const member = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };

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
  for (const [name, width, height, colorScheme] of [
    ["inspector", 1280, 900, "light"],
    ["inspector-dark", 1280, 900, "dark"],
    ["inspector-narrow", 390, 844, "light"],
    ["inspector-narrow-dark", 390, 844, "dark"],
  ]) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    await page.goto(library.inspectorUrl);
    await page
      .getByRole("link", { name: /GET \/members\/card\.html/ })
      .first()
      .click();
    await page.getByRole("heading", { name: "Authorizer", exact: true }).waitFor();
    await page.screenshot({ path: `${folder}${name}.png` });
    await page
      .getByRole("button", { name: /^STDOUT, Status: 200/ })
      .first()
      .click();
    await page.getByText("Header block").first().waitFor({ state: "attached" });
    await page
      .getByRole("button", { name: /^STDOUT, Status: 200/ })
      .first()
      .scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${folder}${name}-record.png` });
    await context.close();
  }
} finally {
  await browser.close();
  await library.close();
}
