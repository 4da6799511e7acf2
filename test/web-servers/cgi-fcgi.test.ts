// cgi-fcgi of the FastCGI developer's kit: a CGI program that passes its request on to an application.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

import { MarkedProcesses } from "../support/marked-processes.js";
import { temporaryFolder } from "../support/served.js";
import { programPath } from "../support/web-servers/background-process.js";
import { programScript } from "../support/web-servers/program.js";

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
    timeout: 20_000,
  });
  const ended = once(child, "close");
  child.stdin!.end(body);
  const [output, warnings] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  const [code] = (await ended) as [number | null];
  return { code, output, warnings };
}

test("cgi-fcgi -connect starts the program where nobody listens yet, and asks the same one the next time", async () => {
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
