import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { FastCgiClient } from "tricorn/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { BackgroundProcess, programPath } from "../support/web-servers/background-process.js";
import { freePort } from "../support/web-servers/free-port.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import { program } from "../support/web-servers/program.js";
import { serveApplication, type ServedApplication } from "../support/web-servers/served-application.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-starters-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("spawn-fcgi", () => {
  test.each([
    ["a unix socket", () => unixSocket(join(folder, "app.sock"))],
    ["a TCP port", async () => tcpPort(await freePort())],
  ])("hands %s on as descriptor 0", async (_, listen) => {
    const { options, address } = await listen();
    const contract = program("contract");
    const spawned = new BackgroundProcess({
      program: "spawn-fcgi",
      args: ["-n", ...options, "--", contract.program, ...contract.args],
      cwd: contract.cwd,
      log: join(folder, "log"),
    });
    const client = new FastCgiClient({ address });
    try {
      await spawned.line(/Listening on fd:0 for FastCGI/);
      const answer = await client.request({ params: { REQUEST_METHOD: "GET", REQUEST_URI: "/hello" } });
      expect([answer.status, await answer.text()]).toEqual([200, "Hello\n"]);
      await client.close();
      expect(await spawned.stop()).toBe(0);
    } finally {
      await client.close();
      await spawned.stop("SIGKILL");
    }
  });
});

function unixSocket(path: string) {
  return { options: ["-s", path], address: path };
}

function tcpPort(port: number) {
  return { options: ["-a", "127.0.0.1", "-p", String(port)], address: `127.0.0.1:${port}` };
}

describe("cgi-fcgi -connect", () => {
  let application: ServedApplication;

  beforeEach(async () => {
    application = await serveApplication();
  });
  afterEach(() => application.close());

  /** Runs cgi-fcgi as a Web server runs a CGI program. */
  async function ask(env: Readonly<Record<string, string>>, body: Uint8Array = new Uint8Array()) {
    const child = execFile(programPath("cgi-fcgi"), ["-bind", "-connect", application.address], {
      env: { GATEWAY_INTERFACE: "CGI/1.1", CONTENT_LENGTH: String(body.length), ...env },
      timeout: 10_000,
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.stdin!.end(body);
    const [output, warnings] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
    return { code: await ended, output, warnings };
  }

  test("passes a request on, and the answer back", async () => {
    const { code, output } = await ask({ REQUEST_METHOD: "GET", REQUEST_URI: "/hello" });
    expect(code).toBe(0);
    expect(output).toMatch(/^Status: 200 OK\r\n[^]*\r\n\r\nHello\n$/);
  });

  test("passes a body on", async () => {
    const body = payload(100_000);
    const { output } = await ask({ REQUEST_METHOD: "POST", REQUEST_URI: "/digest" }, body);
    expect(output).toContain(sha256(body));
  });

  test("prints what fails to its standard error", async () => {
    const { output, warnings } = await ask({ REQUEST_METHOD: "GET", REQUEST_URI: "/fail" });
    expect(output).toMatch(/^Status: 500 /);
    expect(warnings).toContain("tricorn: GET /fail failed: Error: The stage is on fire");
  });
});

describe("a shell", () => {
  test("runs the same file as a CGI program, which answers one request and ends", async () => {
    const { program: node, args, cwd } = program("contract");
    const child = execFile(node, [...args], {
      cwd,
      env: {
        PATH: process.env["PATH"],
        GATEWAY_INTERFACE: "CGI/1.1",
        REQUEST_METHOD: "GET",
        SCRIPT_NAME: "/cgi-bin/contract",
        PATH_INFO: "/seen/a b",
        QUERY_STRING: "c=d",
      },
    });
    child.stdin!.end();
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const output = await text(child.stdout!);
    expect(output).toMatch(/^Status: 200 OK\r\n/);
    const [, body] = output.split("\r\n\r\n");
    expect(JSON.parse(body!)).toMatchObject({
      mount: "/cgi-bin/contract",
      path: "/seen/a%20b",
      query: "c=d",
    });
    expect(await ended).toBe(0);
  });
});
