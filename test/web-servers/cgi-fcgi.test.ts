// cgi-fcgi of the FastCGI developer's kit: a CGI program that passes its request on to an application.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { MarkedProcesses } from "../support/marked-processes.js";
import { temporaryFolder } from "../support/served.js";
import { programPath } from "../support/web-servers/background-process.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import { programScript } from "../support/web-servers/program.js";
import { serveApplication, type ServedApplication } from "../support/web-servers/served-application.js";
import type { SetUpFacts } from "../support/web-servers/set-up.js";

interface CgiRequest {
  readonly env: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Runs cgi-fcgi as a Web server runs a CGI program. */
async function run(args: readonly string[], { env, body = new Uint8Array() }: CgiRequest) {
  const child = execFile(programPath("cgi-fcgi"), args, {
    env: {
      PATH: process.env["PATH"],
      GATEWAY_INTERFACE: "CGI/1.1",
      REQUEST_METHOD: "GET",
      CONTENT_LENGTH: String(body.length),
      ...env,
    },
    timeout: 60_000,
  });
  const ended = once(child, "close");
  // It may end before it has read all of its input.
  child.stdin!.on("error", () => {});
  child.stdin!.end(body);
  const [output, warnings] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  const [code] = (await ended) as [number | null];
  return { code, output, warnings };
}

const facts: SetUpFacts = {
  id: "cgi-fcgi-connect",
  server: "cgi-fcgi",
  door: "starter",
  how: "`-bind -connect`: a CGI program that speaks with the application",
};

describe("cgi-fcgi -bind -connect", { meta: { setUp: facts } }, () => {
  let application: ServedApplication;

  beforeEach(async () => {
    application = await serveApplication();
  });
  afterEach(() => application.close());

  const ask = (request: CgiRequest) => run(["-bind", "-connect", application.address], request);

  test("forwards a request and returns the answer", async () => {
    const { code, output } = await ask({ env: { REQUEST_URI: "/hello" } });
    expect(code).toBe(0);
    expect(output).toMatch(/^Status: 200 OK\r\n[^]*\r\n\r\nHello\n$/);
  });

  test("forwards a body", async () => {
    const body = payload(100_000);
    const { output } = await ask({ env: { REQUEST_METHOD: "POST", REQUEST_URI: "/digest" }, body });
    expect(output).toContain(sha256(body));
  });

  test("prints a failure to its standard error, as one line", async () => {
    const { output, warnings } = await ask({ env: { REQUEST_URI: "/fail" } });
    expect(output).toMatch(/^Status: 500 /);
    expect(warnings).toBe("tricorn: GET /fail failed: Error: The stage is on fire\n");
  });
});

test("cgi-fcgi -connect starts the program if nothing listens, and uses the same one the next time", async () => {
  const folder = temporaryFolder();
  const script = join(folder, "app");
  writeFileSync(script, programScript("started"), { mode: 0o755 });
  const processes = new MarkedProcesses();
  const ask = async (): Promise<number> => {
    const env = { REQUEST_URI: "/process", ...processes.env };
    const { output } = await run(["-connect", join(folder, "app.sock"), script, "1"], { env });
    return (JSON.parse(output.split("\r\n\r\n")[1]!) as { readonly pid: number }).pid;
  };
  const pid = await ask();
  expect(await ask()).toBe(pid);
  process.kill(pid, "SIGTERM");
  await processes.gone();
});
