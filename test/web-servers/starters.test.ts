import { execFile } from "node:child_process";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { programPath } from "../support/web-servers/background-process.js";
import { describeStarter } from "../support/web-servers/describe-starter.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import { program } from "../support/web-servers/program.js";
import { serveApplication, type ServedApplication } from "../support/web-servers/served-application.js";
import type { SetUpFacts } from "../support/web-servers/set-up.js";
import { starterSetUps } from "./set-ups/starters.js";

for (const setUp of starterSetUps) describeStarter(setUp);

const bridge: SetUpFacts = {
  id: "cgi-fcgi-connect",
  server: "cgi-fcgi",
  door: "starter",
  how: "`-bind -connect`: a CGI program that speaks with the application",
};

describe("cgi-fcgi -connect", { meta: { setUp: bridge } }, () => {
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

const cgi: SetUpFacts = {
  id: "shell",
  server: "sh",
  door: "starter",
  how: "the environment of a CGI program: one request",
};

describe("a shell", { meta: { setUp: cgi } }, () => {
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
