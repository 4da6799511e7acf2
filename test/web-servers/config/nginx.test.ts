import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";

import { programPath } from "../../support/web-servers/background-process.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { library, textOf, unknown, write } from "../../config/support.js";

/** The lines of a block, without their margin; of the first one that begins so. */
function blockOf(text: string, head: string): string[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.trim() === `${head} {`);
  expect([head, start >= 0]).toEqual([head, true]);
  const margin = /^ */.exec(lines[start]!)![0];
  const end = lines.indexOf(`${margin}}`, start);
  return lines.slice(start + 1, end).map((line) => line.trim());
}

describe("the configuration of nginx", () => {
  test("is minimal for an unknown application", () => {
    const lines = textOf("nginx").split("\n");
    expect(lines.filter((line) => /^\s*location/.test(line))).toEqual(["    location / {"]);
    expect(textOf("nginx")).not.toMatch(
      /auth_request|TRICORN_BRIDGE|try_files|mime\.types|fastcgi_buffering/,
    );
  });

  test("has each fastcgi_param once, and none that a client chooses except those of the request", () => {
    const names = [...textOf("nginx", { root: "/srv" }).matchAll(/fastcgi_param (\w+)/g)].map(
      ([, name]) => name!,
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain("REMOTE_USER");
    expect(names).not.toContain("AUTH_TYPE");
  });

  test("asks only from an internal location", () => {
    const text = textOf("nginx", { root: "/srv" }, library);
    expect(text.match(/TRICORN_BRIDGE auth_request;/g)).toHaveLength(1);
    const ask = blockOf(text, "location = /.tricorn/authorize");
    expect(ask[0]).toBe("internal;");
    expect(ask).toContain("fastcgi_param TRICORN_BRIDGE auth_request;");
    expect(ask).toContain("fastcgi_pass_request_body off;");
    expect(ask.join()).not.toMatch(/CONTENT_|AUTH_USER/);
  });

  test("has protected locations before all others", () => {
    const text = textOf("nginx", { root: "/srv" }, library);
    const regexes = [...text.matchAll(/^ {4}location (~\*? .*) \{$/gm)].map(([, regex]) => regex!);
    expect(regexes[0]).toBe(
      String.raw`~* "^/member(?:s|\xc5\xbf)\.*(?:[/\x3b]|$)|/[^/]*\.pdf\.*/?(?:\x3b[\s\S]*)?$"`,
    );
    expect(regexes.slice(1).every((regex) => regex.startsWith("~ "))).toBe(true);
  });

  test("omits what can never be reached if everything is protected", () => {
    const text = textOf("nginx", { root: "/srv" }, { ...library, authorizers: [{ paths: [] }] });
    expect(text).toContain('location ~* "^/" {');
    expect(text).not.toContain("location / {");
    expect(text).not.toContain("return 400;");
  });

  test("does not buffer streams, and only those", () => {
    const text = textOf("nginx", {}, { ...library, authorizers: [] });
    expect(blockOf(text, 'location ~ "^/ticks/?$"')).toContain("fastcgi_buffering off;");
    expect(text.match(/fastcgi_buffering/g)).toHaveLength(1);
  });

  test("has only locations for a site, and an upstream that it cannot contain", () => {
    const { files, folders } = write(
      "nginx",
      { part: "into", mount: "/app", name: "books", state: "/srv/run", root: "/srv/www" },
      library,
    );
    expect(files.map(({ name }) => name)).toEqual([
      "/etc/nginx/snippets/tricorn-books_app.conf",
      "/etc/nginx/conf.d/tricorn-books_app-upstream.conf",
    ]);
    const heads = files.map(({ text }) => text.match(/^[^#\s}].*$/gm));
    expect(heads).toEqual([
      [
        "location = /app {",
        "location ^~ /app/ {",
        "location @tricorn-books_app_401 {",
        "location @tricorn-books_app_403 {",
        "location @tricorn-books_app {",
      ],
      ["upstream tricorn-books_app {"],
    ]);
    expect(folders).toEqual([]);
  });
});

/** Runs nginx as an ordinary user, even if root runs the tests. */
async function asOrdinaryUser(folder: string, ...args: readonly string[]): Promise<void> {
  const nginx = [programPath("nginx"), "-e", "stderr", "-p", folder, "-c", "nginx.conf", ...args];
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ["--reuid=www-data", "--regid=www-data", "--clear-groups", "--"] : ["--"];
  await promisify(execFile)("setpriv", [...user, ...nginx]);
}

test("nginx runs with it as an ordinary user, and keeps everything in its state folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-user-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [state, root] = [join(folder, "run"), join(folder, "www")];
  const [port, listen] = [await freePort(), `127.0.0.1:${await freePort()}`];
  mkdirSync(state);
  mkdirSync(root);
  chmodSync(folder, 0o755);
  writeFileSync(join(root, "poem.txt"), "one\n");
  if (process.getuid?.() === 0) chownSync(state, 33, 33);
  writeFileSync(
    join(folder, "nginx.conf"),
    textOf("nginx", { state, root, port, listen, bind: "127.0.0.1" }, unknown),
  );

  await asOrdinaryUser(folder, "-t");
  await asOrdinaryUser(folder);
  onTestFinished(() => asOrdinaryUser(folder, "-s", "stop"));
  expect(await (await fetch(`http://127.0.0.1:${port}/poem.txt`)).text()).toBe("one\n");
  // Content larger than a buffer is written to a file, before nginx finds no upstream.
  const upload = await fetch(`http://127.0.0.1:${port}/upload`, {
    method: "POST",
    body: Buffer.alloc(1024 * 1024),
  });
  expect(upload.status).toBe(502);
  expect(readFileSync(join(state, "access.log"), "utf8")).toContain("GET /poem.txt");
  expect(readFileSync(join(state, "error.log"), "utf8")).toContain(
    "connect() failed (111: Connection refused)",
  );
});
