// Section 7: SIGTERM asks an application to finish what it is doing and to exit.
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { signalIfRunning } from "../support/marked-processes.js";
import { commandOf, NodeProcess } from "../support/node-process.js";
import {
  authorize,
  begin,
  filter,
  get,
  params,
  record,
  stdin,
  Type,
  variablesOf,
} from "../support/records.js";
import { temporaryFolder } from "../support/served.js";
import { openSocket, WebServerPeer } from "../support/web-server-peer.js";
import { expectHello, lifeOf, shop, socketPath, startShop } from "./support.js";

/** A request whose answer has begun and ends when the caller says so. */
async function echoing(address: string): Promise<WebServerPeer> {
  const peer = await WebServerPeer.connect(address);
  const head = params(1, variablesOf("/echo", { REQUEST_METHOD: "POST" }));
  peer.send(begin(1), head, record(Type.stdin, 1, "one "));
  while (!(await peer.record()).content.includes("begun ")) continue;
  return peer;
}

/** An idle kept connection. */
async function idle(address: string): Promise<WebServerPeer> {
  const peer = await WebServerPeer.connect(address);
  await peer.send(get(1, "/hello")).answer(1);
  return peer;
}

async function connectionError(address: string): Promise<string | undefined> {
  const [error] = (await once(openSocket(address), "error")) as [NodeJS.ErrnoException];
  return error.code;
}

const everySignal = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

describe.each(everySignal)("at %s an application", (signal) => {
  test.each(signal === "SIGTERM" ? ["tcp", "unix"] : ["unix"])(
    "finishes active requests, accepts no new ones, and exits with 0: %s",
    async (kind) => {
      const { process, address } = await startShop({}, kind === "tcp" ? undefined : socketPath());
      const waiting = await idle(address);
      const busy = await echoing(address);

      process.kill(signal);
      await waiting.closedByApplication();
      expect(await connectionError(address)).toBe(kind === "tcp" ? "ECONNREFUSED" : "ENOENT");
      const answer = await busy.send(stdin(1, "two")).answer(1);
      expect(answer).toMatchObject({ status: 200, text: "begun one two done", applicationStatus: 0 });
      await busy.closedByApplication();
      busy.end();

      expect(await process.ended).toBe(0);
      if (kind === "unix") expect(existsSync(address.slice("unix:".length))).toBe(false);
    },
  );
});

describe.each(["of its own", "that it inherited"])("at SIGTERM an application on a socket %s", (kind) => {
  test("answers requests that have arrived, but were not read, while a handler computes", async () => {
    const folder = temporaryFolder();
    const [begun, enough, path] = ["begun", "enough", "app.sock"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const command = [...commandOf("test/serve/apps/busy.ts")] as const;
    const process = new NodeProcess(
      kind === "of its own" ? [...command, path] : ["spawn-fcgi", "-n", "-s", path, "--", ...command],
      { env: { BUSY_BEGUN: begun, BUSY_ENOUGH: enough } },
    );
    await process.address();
    const address = `unix:${path}`;
    const kept = [await idle(address), await idle(address), await idle(address)];
    const busy = await WebServerPeer.connect(address);
    busy.send(get(1, "/busy", { keep: false }));
    await expect.poll(() => existsSync(begun)).toBe(true);
    // Nothing is accepted or read while the handler computes; the kernel holds it all.
    const fresh = await Promise.all(Array.from({ length: 10 }, () => WebServerPeer.connect(address)));
    for (const peer of [...kept, ...fresh]) peer.send(get(7, "/hello"));
    process.kill("SIGTERM");
    writeFileSync(enough, "");

    expect((await busy.answer(1)).text).toBe("busy");
    for (const peer of [...kept, ...fresh]) expect((await peer.answer(7)).text).toBe("hello");
    expect(await process.ended).toBe(0);
  });
});

describe("SIGTERM", () => {
  test("ends an idle application, which starts and stops what is injected in order", async () => {
    const { process, address } = await startShop();
    await idle(address);
    process.kill("SIGTERM");

    expect(await process.ended).toBe(0);
    expect(lifeOf(process)).toEqual(["start Stock", "start Shop with Stock", "stop Shop", "stop Stock"]);
  });

  test("still answers requests on a busy connection: a Web server cannot be asked to stop", async () => {
    const { process, address } = await startShop();
    const waiting = await idle(address);
    const busy = await echoing(address);
    process.kill("SIGTERM");
    await waiting.closedByApplication();

    expect((await busy.send(get(2, "/hello")).answer(2)).status).toBe(200);
    expect((await busy.send(stdin(1)).answer(1)).text).toBe("begun one  done");
    busy.end();
    expect(await process.ended).toBe(0);
  });

  test("gives slow handlers the shutdown time-out, and then answers as their roles require", async () => {
    const { process, address } = await startShop({ SHUTDOWN: "50" });
    const peer = await WebServerPeer.connect(address);
    peer.send(get(1, "/hang"), authorize(2, "/closed/door"), filter(3, "/a.txt", "data"));
    await peer.roundTrip();
    process.kill("SIGTERM");

    const [responder, gate, transform] = [await peer.answer(1), await peer.answer(2), await peer.answer(3)];
    expect([responder.status, gate.status, transform.status]).toEqual([503, 503, 503]);
    expect(gate.head).toMatch(/^Status: 503 /);
    peer.end();
    expect(await process.ended).toBe(0);
    expect(lifeOf(process)).toContain("stop Stock");
  });

  test("exits with 1 if something cannot be stopped, after everything else was", async () => {
    const { process } = await startShop({ FAIL: "onStop" });
    process.kill("SIGTERM");

    expect(await process.ended).toBe(1);
    expect(lifeOf(process).slice(-2)).toEqual(["stop Shop", "stop Stock"]);
    expect(process.errors.join("\n")).toMatch(/onStop of Stock failed.*"msg":"Cannot close cleanly"/);
  });

  test.each([
    ["SIGTERM", 128 + 15],
    ["SIGINT", 128 + 2],
    ["SIGHUP", 128 + 1],
  ] as const)("a second time, or %s after it, ends the process at once", async (second, code) => {
    const { process, address } = await startShop();
    const waiting = await idle(address);
    const peer = await WebServerPeer.connect(address);
    await peer.send(get(1, "/hang")).roundTrip();
    process.kill("SIGTERM");
    await waiting.closedByApplication();

    process.kill(second);
    expect(await process.ended).toBe(code);
    expect(lifeOf(process)).not.toContain("stop Stock");
  });

  test("lets two servers of one process finish, and stops their shared application once, after both", async () => {
    const process = new NodeProcess(commandOf("test/serve/apps/twice.ts"));
    await process.line(/"msg":"Listening on .* for FastCGI"/);
    const [, one, other] = await process.line(/^serving (\S+) and (\S+)$/);
    const waiting = await idle(one!);
    const busy = await echoing(other!);
    process.kill("SIGTERM");
    await waiting.closedByApplication();

    expect((await busy.send(stdin(1, "two")).answer(1)).text).toBe("begun one two done");
    busy.end();
    expect(await process.ended).toBe(0);
    expect(process.output).toEqual([expect.stringMatching(/^serving/), "echoed", "stopped"]);
  });
});

describe("A signal that does not end the application", () => {
  /** If the previous signal had ended it, SIGTERM would be the second one, and its exit code 143. */
  async function expectAlive(process: NodeProcess, address: string): Promise<void> {
    const peer = await idle(address);
    expect((await peer.send(get(2, "/hello")).answer(2)).status).toBe(200);
    process.kill("SIGTERM");
    expect(await process.ended).toBe(0);
  }

  test.each(["SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const)(
    "%s does not if the program handles it",
    async (signal) => {
      const { process, address } = await startShop({ OWN_SIGNAL: signal });
      process.kill(signal);
      await process.line(new RegExp(`^heard ${signal}$`));

      await expectAlive(process, address);
    },
  );

  test("SIGTERM does even if the program handles it", async () => {
    const { process } = await startShop({ OWN_SIGNAL: "SIGTERM" });
    process.kill("SIGTERM");

    expect(await process.ended).toBe(0);
    expect(lifeOf(process)).toContain("stop Stock");
  });

  test("SIGPIPE has no effect, as in every Node.js program", async () => {
    const { process, address } = await startShop();
    process.kill("SIGPIPE");

    await expectAlive(process, address);
  });

  test.each([
    ["the shell above it ignores it", ["sh", "-c", "trap '' HUP; \"$@\"; exit $?", "sh"]],
    ["bash ran it by nohup", ["bash", "-c", 'nohup "$@"; exit $?', "bash"]],
  ] as const)("SIGHUP has no effect if %s", async (_how, [program, ...args]) => {
    const process = new NodeProcess([program, ...args, ...shop("127.0.0.1:0")]);
    const [, pid = ""] = await process.line(/^pid (\d+)$/);
    onTestFinished(() => signalIfRunning(Number(pid), "SIGKILL"));
    const address = await process.address();
    globalThis.process.kill(Number(pid), "SIGHUP");
    await expectHello(address);
    globalThis.process.kill(Number(pid), "SIGTERM");

    expect(await process.ended).toBe(0);
    expect(lifeOf(process)).toContain("stop Stock");
  });
});
