// Applications that others have made: PHP-FPM (Debian's php-fpm) and FCGI.pm (libfcgi-perl), which has libfcgi in it. Each of
// their processes serves one connection at a time.
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { FastCgiClient, type ClientOptions } from "../../src/client/index.js";
import type { BackgroundProcess } from "../support/web-servers/background-process.js";
import { startListening, startPhpFpm } from "../support/web-servers/php-fpm.js";

const folder = mkdtempSync(join(tmpdir(), "tricorn-applications-"));
const running: BackgroundProcess[] = [];

afterAll(async () => {
  await Promise.all(running.map((process) => process.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function phpFpm(socket: string, processes: number): Promise<void> {
  writeFileSync(
    join(folder, "hello.php"),
    "<?php usleep(2000); echo 'hello ', file_get_contents('php://input');",
  );
  running.push(await startPhpFpm(socket, processes));
}

async function fcgiPm(socket: string, processes: number): Promise<void> {
  const script = fileURLToPath(new URL("fcgi-pm.pl", import.meta.url));
  running.push(await startListening(socket, ["perl", script, socket, `${processes}`]));
}

describe.each([
  ["PHP-FPM with four processes", phpFpm, 4, { FCGI_MPXS_CONNS: "0" }],
  ["PHP-FPM with one process", phpFpm, 1, { FCGI_MPXS_CONNS: "0" }],
  [
    "FCGI.pm with four processes",
    fcgiPm,
    4,
    { FCGI_MAX_CONNS: "1", FCGI_MAX_REQS: "1", FCGI_MPXS_CONNS: "0" },
  ],
  ["FCGI.pm with one process", fcgiPm, 1, { FCGI_MAX_CONNS: "1", FCGI_MAX_REQS: "1", FCGI_MPXS_CONNS: "0" }],
])("%s", (name, startThem, processes, values) => {
  const socket = join(folder, `${name.replace(/\W/g, "-")}.sock`);

  beforeAll(() => startThem(socket, processes));

  /** Sends so many requests at once, and tells what came of them. */
  async function sendTogether(count: number, options: Partial<ClientOptions> = {}): Promise<Set<string>> {
    const client = new FastCgiClient({
      address: socket,
      timeouts: { response: 10_000 },
      ...options,
    } as ClientOptions);
    const params = {
      REQUEST_METHOD: "POST",
      SCRIPT_FILENAME: join(folder, "hello.php"),
      REQUEST_URI: "/",
      CONTENT_LENGTH: "1",
    };
    try {
      const answers = Array.from({ length: count }, () => client.request({ params, stdin: "!" }));
      return new Set(await Promise.all(answers.map(async (answer) => (await answer).text())));
    } finally {
      // A connection that is left open would hold a process.
      client.destroy();
    }
  }

  test.each([
    ["by default", {}],
    ["without GET_VALUES", { multiplex: false }],
    ["without kept connections", { keepConnection: false }],
  ])("answers a hundred requests that are sent together, %s", async (_name, options) => {
    expect(await sendTogether(100, options)).toEqual(new Set(["hello !"]));
  });

  test("tells its values", async () => {
    const client = new FastCgiClient({ address: socket });
    expect(await client.values()).toEqual(values);
    // And then it answers requests on the same connection.
    expect((await client.request({ params: { SCRIPT_FILENAME: join(folder, "hello.php") } })).status).toBe(
      200,
    );
    await client.close();
  });
});
