import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FastCgiClient } from "tricorn/client";
import { describe, expect, onTestFinished, test } from "vitest";

import { Server } from "../../src/server/server.js";
import { StatusApplication } from "../../src/supervisor/status-application.js";
import { makeStatusPage } from "../../src/supervisor/status-page.js";
import { readDocument } from "../documents/blocks.js";
import { capturedLog, temporaryFolder } from "../support/served.js";

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The content of the only element of this name. */
function contentOf(name: string, html: string): string {
  const found = [...html.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^]*?)</${name}>`, "g"))];
  expect(found).toHaveLength(1);
  return found[0]![1]!;
}

describe("the status page", () => {
  test("is one document, and its policy allows only the script and style in it", async () => {
    const { html, policy } = await makeStatusPage();
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(contentOf("script", html))}`,
      `style-src ${hashOf(contentOf("style", html))}`,
      "img-src data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    const urls = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url!.replace(/,.*/, ""));
    expect(new Set(urls)).toEqual(new Set(["data:image/svg+xml;base64", "?", "?json"]));
    const markup = html.replace(contentOf("script", html), "");
    expect(markup).not.toMatch(/ on\w+=| style="|<!-- \w+ -->|\{\{|@import|url\(/);
  });

  test("has all scripts and styles of its folder", async () => {
    const { html } = await makeStatusPage();
    const folder = resolve(import.meta.dirname, "../../src/supervisor/page");
    const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(10);
    for (const name of scripts) expect(html).toContain(`modules["${name}"] = (`);
    expect(html).not.toMatch(/^(?:import|export) /m);
    const styles = readdirSync(folder).filter((name) => name.endsWith(".css"));
    expect(styles.length).toBeGreaterThan(3);
    for (const name of styles) expect(html).toContain(readFileSync(join(folder, name), "utf8"));
  });

  test("has words for each code of docs/errors.md by which requests are refused", async () => {
    const { html } = await makeStatusPage();
    const errors = readDocument("docs/errors.md");
    const sections = ["What a client did", "Refused requests", "Requests that end early", "Protocol"];
    const codes = sections.flatMap((title) => {
      const text = errors.slice(errors.indexOf(`\n## ${title}\n`)).split("\n## ", 2)[1]!;
      return [...text.matchAll(/^### (\w+)$/gm)].map(([, code]) => code!);
    });
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !html.includes(`\n  ${code}:`))).toEqual([]);
  });

  test("is answered for the query html, without a look at the workers, and is never kept", async () => {
    const { log } = capturedLog();
    const master = {
      status: () => Promise.reject(new Error("It must not be asked")),
      ping: () => Promise.resolve("pong" as const),
      metrics: () => Promise.reject(new Error("It must not be asked")),
    };
    const server = new Server(new StatusApplication(master, log), { log });
    const address = join(temporaryFolder(), "status.sock");
    await server.listen(address);
    const client = new FastCgiClient({ address });
    onTestFinished(async () => {
      await client.close();
      await server.close();
    });
    const { html, policy } = await makeStatusPage();
    for (const [method, body] of [
      ["GET", html],
      ["HEAD", ""],
    ] as const) {
      const answer = await client.request({
        params: { REQUEST_METHOD: method, SCRIPT_NAME: "/any/prefix/status", QUERY_STRING: "html" },
      });
      expect([answer.status, await answer.text()]).toEqual([200, body]);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": String(Buffer.byteLength(html)),
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
      });
    }
  });
});
