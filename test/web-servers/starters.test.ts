// The same program under everything that starts FastCGI applications: it finds out how, answers, and ends well.
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FastCgiClient } from "tricorn/client";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { begin, params, record, stdin, Type, variablesOf } from "../support/records.js";
import { WebServerPeer, openSocket } from "../support/web-server-peer.js";
import { freePort } from "../support/web-servers/free-port.js";
import { payload } from "../support/web-servers/payload.js";
import { programVersion } from "../support/web-servers/server-version.js";
import { starters, type Started } from "../support/web-servers/starters.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-starters-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The answer to GET /process. */
interface ProcessFacts {
  readonly pid: number;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The answer to a GET, retried until something listens: no starter reports when it has bound its socket. */
async function get(address: string, target: string, more: Readonly<Record<string, string>> = {}) {
  const client = new FastCgiClient({ address });
  try {
    for (;;) {
      try {
        const answer = await client.request({ params: { ...variablesOf(target), ...more } });
        return { status: answer.status, text: await answer.text(), stderr: await answer.stderr };
      } catch (error) {
        if ((error as { code?: string }).code !== "ERR_CLIENT_CONNECT") throw error;
        await delay(20);
      }
    }
  } finally {
    await client.close();
  }
}

async function factsAt(address: string, more?: Readonly<Record<string, string>>): Promise<ProcessFacts> {
  return JSON.parse((await get(address, "/process", more)).text) as ProcessFacts;
}

/** A request whose answer has begun, and ends when its body does. */
async function busyPeer(address: string): Promise<WebServerPeer> {
  const peer = await WebServerPeer.connect(address);
  peer.send(begin(1), params(1, variablesOf("/echo", { REQUEST_METHOD: "POST" })));
  peer.send(record(Type.stdin, 1, "one "));
  while (!(await peer.record()).content.includes("begun ")) continue;
  return peer;
}

/** Waits until nothing listens at an address. */
async function deaf(address: string): Promise<void> {
  const outcome = async (): Promise<string | undefined> => {
    const socket = openSocket(address);
    const connected = once(socket, "connect").then(
      () => "connected",
      (error: NodeJS.ErrnoException) => error.code,
    );
    return connected.finally(() => socket.destroy());
  };
  await expect.poll(outcome).toMatch(/^(?:ECONNREFUSED|ENOENT)$/);
}

/** Sends SIGTERM to the starter, or to the program if its starter has exited. */
async function terminate({ process: starter, addresses }: Started): Promise<void> {
  const { pid } = await factsAt(addresses[0]!);
  process.kill(starter?.pid ?? pid, "SIGTERM");
}

describe.each(
  starters.map(({ facts, ...starter }) => [`${facts.server}, ${facts.how}`, facts, starter] as const),
)("%s", (_, facts, { version, start, isSeen }) => {
  beforeEach(({ task }) => {
    task.meta.setUp = facts;
    task.meta.version = version === undefined ? "unknown" : programVersion(version);
  });

  test("forwards requests and answers: 1 MiB in and out, and 50 simultaneous requests", async () => {
    const { addresses } = await start({ folder, port: await freePort() });
    expect((await get(addresses[0]!, "/params?a=b")).text).toContain('"REQUEST_URI":"/params?a=b"');
    const client = new FastCgiClient({ address: addresses[0]! });
    onTestFinished(() => client.close());
    const body = payload(1024 * 1024);
    const posted = variablesOf("/echo", { REQUEST_METHOD: "POST", CONTENT_LENGTH: String(body.length) });
    const echo = Buffer.from(await (await client.request({ params: posted, stdin: body })).bytes());
    expect(echo.equals(Buffer.concat([Buffer.from("begun "), body, Buffer.from(" done")]))).toBe(true);
    const warned = Array.from({ length: 50 }, async () => {
      const answer = await client.request({ params: variablesOf("/warn") });
      return answer.text();
    });
    expect(new Set(await Promise.all(warned))).toEqual(new Set(["warned"]));
  });

  test("starts a program that answers at each address, and ends at SIGTERM after active requests", async () => {
    const started = await start({ folder, port: await freePort() });
    const { processes, process: starter, addresses, listens } = started;
    const facts = await Promise.all(addresses.map((address) => factsAt(address)));
    expect(new Set(facts.map(({ pid }) => pid)).size).toBe(1);
    for (const address of starter === undefined ? [] : listens) {
      await starter?.line(new RegExp(`Listening on ${address} for FastCGI`));
    }

    const busy = await Promise.all(addresses.map(busyPeer));
    await terminate(started);
    for (const peer of busy) {
      const answer = await peer.send(stdin(1, "two")).answer(1);
      expect(answer).toMatchObject({ status: 200, text: "begun one two done", applicationStatus: 0 });
      await peer.closedByApplication();
      peer.end();
    }
    if (starter !== undefined) {
      expect(await starter.ended).toBe(0);
      expect(starter.output).toContain("stopped\n");
    }
    await processes.gone();
    for (const address of addresses) await deaf(address);
  });

  test("leaves no variables in the environment, which neither requests nor prints change", async () => {
    const { addresses } = await start({ folder, port: await freePort() });
    const before = await factsAt(addresses[0]!);
    expect(before.arguments).toEqual([]);
    const ofTheStart = /^(?:LISTEN_|HTTP_|REQUEST_|GATEWAY_)/;
    expect(Object.keys(before.environment).filter((name) => ofTheStart.test(name))).toEqual([]);

    const after = await factsAt(addresses[0]!, {
      HTTP_PROXY: "http://192.0.2.66:8080",
      PATH: "/tmp/evil",
      NODE_OPTIONS: "--inspect",
      LD_PRELOAD: "/tmp/evil.so",
      TRICORN_LISTEN: "0.0.0.0:9000",
    });
    // Descriptor 1 may be /dev/null, or even the listening socket.
    for (let time = 0; time < 3; time++) expect((await get(addresses[0]!, "/print")).text).toBe("printed");
    expect(await factsAt(addresses[0]!)).toEqual(before);
    expect(after).toEqual(before);
  });

  test(isSeen ? "shows what is logged" : "shows nothing, so warnings use FCGI_STDERR", async () => {
    const { addresses, process: starter } = await start({ folder, port: await freePort() });
    const warned = await get(addresses[0]!, "/warn");
    const failed = await get(addresses[0]!, "/fail");

    expect(warned.stderr).toBe(isSeen ? "" : "tricorn: GET /warn: warn: a warning\n");
    expect(failed).toMatchObject({
      status: 500,
      stderr: "tricorn: GET /fail failed: Error: on purpose\n",
    });
    await starter?.line(/"msg":"a warning"/);
    await starter?.line(/"msg":"Cannot complete request: GET \/fail failed"/);
  });

  test("logs to the file that TRICORN_LOG names", async () => {
    const log = join(folder, "app.log");
    const { addresses, listens } = await start({ folder, port: await freePort(), env: { TRICORN_LOG: log } });
    expect((await get(addresses[0]!, "/warn")).stderr).toBe("");
    const messages = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual([
      ...listens.map((address) => `Listening on ${address} for FastCGI`),
      "a word",
      "a warning",
    ]);
  });
});
