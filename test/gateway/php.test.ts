// PHP applications, run by Debian's php-fpm.
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { Gateway, type GatewayOptions, type PhpOptions } from "../../src/gateway/index.js";
import type { BackgroundProcess } from "../support/web-servers/background-process.js";
import { startPhpFpm } from "../support/web-servers/php-fpm.js";
import { http } from "./support/http.js";
import { Role } from "../../src/protocol/constants.js";
import { openStage } from "./support/stage.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "tricorn-php-")));
const root = join(folder, "public");
const socket = join(folder, "fpm.sock");
const SECRET = "do not show this";
let fpm: BackgroundProcess;

/** Tells what PHP was told. */
const REPORT = `<?php
header("Content-Type: application/json");
$names = ["SCRIPT_FILENAME", "SCRIPT_NAME", "PATH_INFO", "REQUEST_URI", "QUERY_STRING", "DOCUMENT_ROOT", "REQUEST_METHOD", "PHP_SELF"];
$told = ["by" => basename(__FILE__)];
foreach ($names as $name) $told[$name] = $_SERVER[$name] ?? null;
echo json_encode($told);
`;

const files = {
  "index.php": REPORT.replace("basename(__FILE__)", '"front"'),
  "report.php": REPORT,
  "blog/index.php": REPORT.replace("basename(__FILE__)", '"blog"'),
  "docs/index.html": "<h1>docs</h1>",
  "empty/file.txt": "text",
  "style.css": "body {}",
  "upload/x.jpg": `<?php echo "${SECRET}";`,
  "folder.php/inner.php": REPORT,
  "length.php": `<?php echo strlen(file_get_contents("php://input")), " of ", $_SERVER["CONTENT_LENGTH"] ?? "unknown";`,
  "missing.php.bak": `<?php // ${SECRET}`,
  "config.php~": `<?php // ${SECRET}`,
  "config.php.~1~": `<?php // ${SECRET}`,
  "#config.php#": `<?php // ${SECRET}`,
  "config.php,v": `<?php // ${SECRET}`,
  "UPPER.PHP": `<?php // ${SECRET}`,
  "old.phtml": `<?php // ${SECRET}`,
  "teapot.php": `<?php http_response_code(418); error_log("short and stout"); echo "teapot";`,
};

beforeAll(async () => {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  writeFileSync(join(folder, "outside.php"), `<?php echo "${SECRET}";`);
  symlinkSync("../outside.php", join(root, "outside.php"));
  symlinkSync("config.php~", join(root, "link.txt"));
  symlinkSync("upload/x.jpg", join(root, "link.php"));
  fpm = await startPhpFpm(socket, 2);
});

afterAll(async () => {
  await fpm.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A gateway before PHP-FPM; closed when the test has finished. */
async function openSite(php: PhpOptions = {}, options: Partial<GatewayOptions> = {}): Promise<string> {
  const gateway = new Gateway({ application: socket, root, php, port: 0, ...options });
  onTestFinished(() => gateway.close());
  return (await gateway.listen()).url;
}

const front = { frontController: "/index.php" };

describe("a gateway before PHP-FPM", () => {
  it.each([
    [
      "/report.php?a=1",
      { by: "report.php", SCRIPT_NAME: "/report.php", PATH_INFO: null, QUERY_STRING: "a=1" },
    ],
    [
      "/report.php/a%20b/c",
      { by: "report.php", SCRIPT_NAME: "/report.php", PATH_INFO: "/a b/c", PHP_SELF: "/report.php/a b/c" },
    ],
    ["/report.php/", { by: "report.php", SCRIPT_NAME: "/report.php", PATH_INFO: "/" }],
    ["/report.php/x.php/y", { by: "report.php", PATH_INFO: "/x.php/y" }],
    ["/", { by: "front", SCRIPT_NAME: "/index.php", PATH_INFO: null, REQUEST_URI: "/" }],
    ["/blog/", { by: "blog", SCRIPT_NAME: "/blog/index.php", REQUEST_URI: "/blog/" }],
    ["/folder.php/inner.php/z", { by: "inner.php", SCRIPT_NAME: "/folder.php/inner.php", PATH_INFO: "/z" }],
  ])("runs the script of %s", async (target, told) => {
    const url = await openSite();
    const answer = await http(url, target);
    expect(answer.status).toBe(200);
    const found = JSON.parse(answer.body) as Record<string, string>;
    expect(found).toMatchObject(told);
    expect(found).toMatchObject({
      SCRIPT_FILENAME: join(root, found["SCRIPT_NAME"]!),
      DOCUMENT_ROOT: root,
      REQUEST_METHOD: "GET",
    });
  });

  it.each([
    "/articles/7?page=2",
    "/report.phpx",
    "/no.php",
    "/empty",
    "/upload/x.jpg/y.php",
    "/.env",
    "/link.php",
  ])("lets the front controller answer %s", async (target) => {
    const url = await openSite(front);
    const { status, body } = await http(url, target);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      by: "front",
      SCRIPT_FILENAME: join(root, "index.php"),
      SCRIPT_NAME: "/index.php",
      PATH_INFO: null,
      REQUEST_URI: target,
    });
  });

  it("redirects to a folder that has a page, with or without a front controller", async () => {
    const url = await openSite(front);
    for (const name of ["/blog", "/docs"]) {
      expect(await http(url, name)).toMatchObject({ status: 301, headers: { location: `${name}/` } });
    }
  });

  it("serves the other files itself", async () => {
    const url = await openSite(front);
    expect(await http(url, "/style.css")).toMatchObject({ status: 200, body: "body {}" });
    expect(await http(url, "/docs/")).toMatchObject({ status: 200, body: "<h1>docs</h1>" });
    expect((await http(url, "/style.css", { method: "POST", body: "x" })).status).toBe(405);
  });

  it.each([
    "/missing.php.bak",
    "/config.php~",
    "/config.php.~1~",
    "/%23config.php%23",
    "/config.php,v",
    "/UPPER.PHP",
    "/old.phtml",
    "/link.txt",
    "/link.php",
    "/outside.php",
    "/no.php",
    "/no.php/x",
    "/upload/x.jpg/y.php",
    "/style.css/x.php",
    "/nothing",
  ])("answers %s with 404, and neither runs nor shows it", async (target) => {
    const url = await openSite();
    const { status, body } = await http(url, target);
    expect(status).toBe(404);
    expect(body).not.toContain(SECRET);
    expect((await http(await openSite(front), target)).body).not.toContain(SECRET);
  });

  it("runs nothing whose name starts with a dot", async () => {
    expect((await http(await openSite(), "/upload/x.jpg/.php")).status).toBe(403);
  });

  it("shows an uploaded file as it is, and does not run it", async () => {
    const url = await openSite();
    const { status, body, headers } = await http(url, "/upload/x.jpg");
    expect({ status, body, type: headers["content-type"] }).toEqual({
      status: 200,
      body: files["upload/x.jpg"],
      type: "image/jpeg",
    });
  });

  it("passes a body with its length on, and collects a chunked one", async () => {
    const url = await openSite({ collectedBytes: 70_000 });
    const body = "x".repeat(70_000);
    const chunked = { "Transfer-Encoding": "chunked" };
    const post = { method: "POST", body };
    expect((await http(url, "/length.php", post)).body).toBe("70000 of 70000");
    expect((await http(url, "/length.php", { ...post, headers: chunked })).body).toBe("70000 of 70000");
    expect((await http(url, "/length.php", { method: "POST", body: `${body}y` })).body).toBe(
      "70001 of 70001",
    );
    const refused = await http(url, "/length.php", { method: "POST", body: `${body}y`, headers: chunked });
    expect(refused.status).toBe(413);
  });

  it("passes PHP's status on, and logs what it writes to FCGI_STDERR", async () => {
    const lines: string[] = [];
    const { pino } = await import("pino");
    const log = pino({ level: "warn" }, { write: (line) => lines.push(line) });
    const url = await openSite({}, { log });
    expect(await http(url, "/teapot.php")).toMatchObject({ status: 418, body: "teapot" });
    await expect.poll(() => lines.join("")).toContain("short and stout");
  });

  it("keeps no connection, which would hold a process of PHP", async () => {
    const kept: boolean[] = [];
    const { url } = await openStage({
      scripts: {
        [Role.Responder]: (request) => {
          kept.push(request.keepConnection);
          request.answer("Status: 200 OK\r\n\r\nran");
        },
      },
      files: { "index.php": "" },
      gateway: { php: {} },
    });
    expect(await http(url, "/")).toMatchObject({ status: 200, body: "ran" });
    expect(kept).toEqual([false]);
  });

  it("names the files as PHP sees them", async () => {
    const inside = join(folder, "container");
    symlinkSync(root, inside);
    const url = await openSite({ root: `${inside}/` });
    expect(JSON.parse((await http(url, "/report.php/x")).body)).toMatchObject({
      SCRIPT_FILENAME: join(inside, "report.php"),
      DOCUMENT_ROOT: inside,
      PATH_INFO: "/x",
    });
  });
});

describe("a protected script", () => {
  const scripts = {
    [Role.Authorizer]: (request: { answer(text: string): void }) =>
      request.answer("Status: 403 Forbidden\r\n\r\n"),
    [Role.Responder]: (request: { answer(text: string): void }) =>
      request.answer("Status: 200 OK\r\n\r\nran"),
  };

  it.each([
    ["/admin.php", "/admin.php/x"],
    ["/admin.php", "/admin.php"],
    ["/area/index.php", "/area/"],
    ["/index.php", "/any/path"],
    ["*.php", "/admin.php/x"],
    ["/area/real.php", "/area/alias.php"],
    ["/members/**", "/index.php/members/list"],
    ["/members/**", "/index.php/Members"],
    ["/area/members/**", "/area/index.php/members/list"],
  ])("an authorizer of %s is asked for %s", async (glob, target) => {
    const { url } = await openStage({
      scripts,
      files: { "index.php": "", "admin.php": "", "area/index.php": "", "area/real.php": "" },
      prepare: async (at) => symlinkSync("real.php", join(at, "area/alias.php")),
      routes: { protect: [glob] },
      gateway: { php: front },
    });
    expect(await http(url, target)).toMatchObject({ status: 403 });
  });
});

describe("the options of PHP", () => {
  it.each<[Partial<GatewayOptions>, string]>([
    [{ php: { frontController: "index.php" } }, "ERR_GATEWAY_PHP"],
    [{ php: { frontController: "/index.html" } }, "ERR_GATEWAY_PHP"],
    [{ php: { root: "public" } }, "ERR_GATEWAY_PHP"],
    [{ php: { collectedBytes: -1 } }, "ERR_GATEWAY_PHP"],
    [{ php: { front: "/index.php" } as PhpOptions }, "ERR_OPTION"],
    [{ php: {}, mount: "/app" }, "ERR_GATEWAY_MOUNT"],
    [{}, "ERR_GATEWAY_ROUTE"],
  ])("%j are refused with %s", (options, code) => {
    expect(() => new Gateway({ application: socket, root, ...options })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("a front controller that does not exist is refused at start", async () => {
    const gateway = new Gateway({ application: socket, root, php: { frontController: "/app.php" }, port: 0 });
    onTestFinished(() => gateway.close());
    await expect(gateway.listen()).rejects.toMatchObject({
      code: "ERR_GATEWAY_PHP",
      message: `Cannot run PHP: the front controller /app.php is not a file below ${root}`,
    });
  });
});
