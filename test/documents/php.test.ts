// The programs of docs/php.md, with Debian's php-fpm.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { BackgroundProcess } from "../support/web-servers/background-process.js";
import { startPhpFpm } from "../support/web-servers/php-fpm.js";
import { Extracted, blocksOf, fileOf, root } from "./blocks.js";

const extracted = new Extracted();
const folder = realpathSync(mkdtempSync(join(tmpdir(), "tricorn-php-document-")));
const socket = join(folder, "fpm.sock");
const env = { ...process.env, FPM: socket, PORT: "0", TS_NODE_PROJECT: join(root, "tsconfig.json") };
let fpm: BackgroundProcess;

/** The arguments of Node.js that run a program of the document. */
function programNamed(name: string): string[] {
  const block = blocksOf("docs/php.md").find((one) => one.language === "ts" && fileOf(one) === name);
  const runtime = import.meta.resolve("@oxc-node/core/register");
  return ["--import", runtime, extracted.pathOf(block!)];
}

beforeAll(async () => {
  mkdirSync(join(folder, "public"));
  writeFileSync(join(folder, "public/index.php"), "<?php echo 'front ', $_SERVER['REQUEST_URI'];");
  writeFileSync(join(folder, "public/greet.php"), "<?php echo 'Hello, ', $_POST['name'];");
  fpm = await startPhpFpm(socket, 2);
});

afterAll(async () => {
  await fpm.stop();
  extracted.remove();
  await rm(folder, { recursive: true, force: true });
});

test("the gateway of the document shows a PHP application", async () => {
  const site = spawn(process.execPath, programNamed("site.ts"), {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", 2],
  });
  try {
    const [url] = (await once(createInterface({ input: site.stdout! }), "line")) as [string];
    expect(await (await fetch(`${url}/articles/7`)).text()).toBe("front /articles/7");
    const greeting = await fetch(`${url}/greet.php`, {
      method: "POST",
      body: new URLSearchParams({ name: "Ada" }),
    });
    expect(await greeting.text()).toBe("Hello, Ada");
  } finally {
    const ended = once(site, "exit");
    site.kill();
    await ended;
  }
});

test("the client of the document asks PHP for one page", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, programNamed("ask.ts"), {
    cwd: folder,
    env,
  });
  expect(stdout).toBe("200 Hello, Ada\n");
});
