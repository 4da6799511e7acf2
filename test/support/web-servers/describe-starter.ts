import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FastCgiClient, type ClientRequest, type ClientResponse } from "tricorn/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { BackgroundProcess } from "./background-process.js";
import { bundledProgram } from "./bundled-program.js";
import type { Digest } from "./contract.js";
import { payload, sha256 } from "./payload.js";
import { folderForTests } from "./folder-for-tests.js";
import { programVersion } from "./server-version.js";
import type { SetUpFacts, StarterSetUp } from "./set-up.js";

const MEBIBYTE = 1024 * 1024;

/** Lets a program start the contract, and speaks with it in the place of a Web server. */
export function describeStarter(setUp: StarterSetUp): void {
  const { id, program, how, version, leaves = false, processes = 1 } = setUp;
  const facts: SetUpFacts = { id, server: program, door: "starter", how };
  describe(`${program}, ${how}`, { meta: { setUp: facts } }, () => {
    const folder = folderForTests();
    let address: string;
    let starter: BackgroundProcess;
    const pids = new Set<number>();

    beforeAll(async () => {
      const file = await bundledProgram("contract", { folder: folder() });
      const script = join(folder(), "contract");
      writeFileSync(script, `#!/bin/sh\nexec ${process.execPath} ${file}\n`, { mode: 0o755 });
      address = await setUp.address(folder());
      starter = new BackgroundProcess({
        program: setUp.runs ?? program,
        args: setUp.args({ command: [script], address }),
        cwd: folder(),
        log: join(folder(), "log"),
      });
    });
    afterAll(async () => {
      await starter?.stop("SIGKILL");
      for (const pid of pids) kill(pid, "SIGKILL");
    });

    /** Asks on a connection of its own, which is the next process's turn. */
    const ask = async <T>(
      request: ClientRequest,
      read: (answer: ClientResponse) => Promise<T>,
    ): Promise<T> => {
      const client = new FastCgiClient({ address, keepConnection: false });
      try {
        return await read(await client.request(request));
      } finally {
        await client.close();
      }
    };
    const get = (uri: string): ClientRequest => ({ params: { REQUEST_METHOD: "GET", REQUEST_URI: uri } });
    const pidOf = (): Promise<number> => ask(get("/process"), async (answer) => Number(await answer.text()));

    test("the application answers on the socket that it is handed", async ({ task }) => {
      task.meta.version = version === undefined ? "does not tell" : programVersion({ program, ...version });
      await expect
        .poll(() => ask(get("/hello"), (answer) => answer.text()).catch((error: unknown) => error))
        .toBe("Hello\n");
    });

    test("as many processes serve as are meant to", async () => {
      await expect.poll(async () => pids.add(await pidOf()).size).toBe(processes);
      for (let round = 0; round < 20; round++) pids.add(await pidOf());
      expect(pids.size).toBe(processes);
    });

    test("1 MiB comes in whole, and back", async () => {
      const stdin = payload(MEBIBYTE);
      const params = { REQUEST_METHOD: "POST", CONTENT_LENGTH: String(stdin.length) };
      const digest = await ask(
        { params: { ...params, REQUEST_URI: "/digest" }, stdin },
        async (answer) => (JSON.parse(await answer.text()) as Digest).sha256,
      );
      expect(digest).toBe(sha256(stdin));
      const echo = await ask({ params: { ...params, REQUEST_URI: "/echo" }, stdin }, (answer) =>
        answer.bytes(),
      );
      expect(sha256(echo)).toBe(sha256(stdin));
    });

    test("50 requests at once are all answered", async () => {
      const answers = Array.from({ length: 50 }, () => ask(get("/hello"), (answer) => answer.text()));
      expect(new Set(await Promise.all(answers))).toEqual(new Set(["Hello\n"]));
    });

    test("what fails is told by FCGI_STDERR", async () => {
      const stderr = await ask(get("/fail"), async (answer) => {
        expect(answer.status).toBe(500);
        await answer.text();
        return answer.stderr;
      });
      expect(stderr).toMatch(/^tricorn: GET \/fail failed: Error: The stage is on fire\n?$/);
    });

    if (processes > 1) {
      test("a process that dies is replaced", async () => {
        const [dead] = pids;
        kill(dead!, "SIGKILL");
        await expect.poll(() => isRunning(dead!)).toBe(false);
        pids.delete(dead!);
        await expect.poll(async () => pids.add(await pidOf()).size).toBe(processes);
      });
    }

    test("SIGTERM ends it", async () => {
      if (leaves) for (const pid of pids) kill(pid, "SIGTERM");
      else expect(await starter.stop("SIGTERM"), starter.output).toBe(0);
      for (const pid of pids) await expect.poll(() => isRunning(pid)).toBe(false);
    });
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Whether a process is there; one that has ended and waits for its parent is not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
