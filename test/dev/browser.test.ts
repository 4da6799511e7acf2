import { expect, onTestFinished, test } from "vitest";

import { PAGE_LIMIT, launchBrowser } from "../support/browser.js";
import { DevProcess, Project } from "./support/project.js";

const MAIN = `import { Get, Responder, serve } from "tricorn";

@Responder()
class Pages {
  @Get("/", { type: "text/html; charset=utf-8" })
  page(): string {
    return "<!doctype html><title>Shop</title><h1>version 1</h1>";
  }
}

await serve([Pages]);
`;

test("a page in Chromium reloads after a change, shows a failure, and comes back", async () => {
  const project = new Project({ "src/main.ts": MAIN });
  const dev = new DevProcess(project);
  const url = await dev.url();
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(PAGE_LIMIT);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  await page.getByRole("heading", { name: "version 1" }).waitFor();
  project.edit("src/main.ts", ["version 1", "version 2"]);
  await page.getByRole("heading", { name: "version 2" }).waitFor();
  project.edit("src/main.ts", ["await serve", 'throw new Error("<i>closed</i>");\nawait serve']);
  await page.getByText("Error: <i>closed</i>").waitFor();
  expect(await page.locator("pre .place").first().textContent()).toContain(
    'throw new Error("<i>closed</i>");',
  );
  project.edit("src/main.ts", ['throw new Error("<i>closed</i>");\n', ""]);
  await page.getByRole("heading", { name: "version 2" }).waitFor();
  expect(complaints).toEqual([]);
});
