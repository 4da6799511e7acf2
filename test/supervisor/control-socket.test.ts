import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";

import { askMaster } from "../../src/supervisor/control-client.js";
import type { ControlAnswer, ControlRequest } from "../../src/supervisor/control-protocol.js";
import { ControlSocket, type ControlAnswerer } from "../../src/supervisor/control-socket.js";
import { deferred, temporaryFolder } from "../support/served.js";

const pong: ControlAnswer = { kind: "pinged", result: "pong" };

async function open(
  answer: ControlAnswerer,
  path = join(temporaryFolder(), "control/1.sock"),
  options?: { readonly clientTime: number },
): Promise<ControlSocket> {
  const socket = new ControlSocket(path, answer, options);
  await socket.open();
  onTestFinished(() => socket.close());
  return socket;
}

/** What a socket answers to bytes, until it closes the connection. */
async function answerTo(path: string, bytes: string): Promise<string> {
  const client = connect({ path, allowHalfOpen: true });
  // A reset, because the socket closes before it has read everything.
  client.on("error", () => {});
  client.end(bytes);
  return text(client).catch(() => "reset");
}

describe("ControlSocket", () => {
  test("refuses a path that does not fit, and makes no folder", async () => {
    const path = join(temporaryFolder(), "c".repeat(100), "1.sock");
    await expect(new ControlSocket(path, () => Promise.resolve(pong)).open()).rejects.toMatchObject({
      code: "ERR_ADDRESS",
    });
    expect(existsSync(dirname(path))).toBe(false);
  });

  test("is for its user only, in a folder that nobody else may enter", async () => {
    const { path } = await open(() => Promise.resolve(pong));
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  test("answers each request with a line", async () => {
    const asked: ControlRequest[] = [];
    const { path } = await open((request) => {
      asked.push(request);
      return Promise.resolve(pong);
    });
    for (const request of [
      { command: "ping" },
      { command: "status" },
      { command: "reload", wait: false },
      { command: "reload", wait: true },
      { command: "stop" },
      { command: "stop", drain: 0 },
      { command: "stop", drain: 2_500.5 },
    ] as const) {
      expect(await askMaster({ path, request })).toEqual(pong);
      expect(asked.at(-1)).toEqual(request);
    }
  });

  test("answers a request that comes in pieces", async () => {
    const { path } = await open(() => Promise.resolve(pong));
    const client = connect(path);
    onTestFinished(() => void client.destroy());
    for (const piece of ['{"comm', 'and":"pi', 'ng"}\n']) {
      await new Promise((resolve) => client.write(piece, resolve));
    }
    expect(await text(client)).toBe('{"kind":"pinged","result":"pong"}\n');
  });

  test.each([
    ["ping\n", "the request is not JSON"],
    ["7\n", "the request is not a JSON object"],
    ["null\n", "the request is not a JSON object"],
    ['{"command":"__proto__"}\n', "there are the commands ping, status, reload and stop"],
    ['{"command":["stop"]}\n', "there are the commands ping, status, reload and stop"],
    ['{"command":"stop","drain":-1}\n', "drain is not a time in ms"],
    ['{"command":"stop","drain":"10"}\n', "drain is not a time in ms"],
    [`${" ".repeat(1025)}\n`, "the request is longer than 1024 bytes"],
    ["x".repeat(5_000), "the request is longer than 1024 bytes"],
  ])("refuses %j", async (bytes, fact) => {
    const { path } = await open(() => {
      throw new Error("It must not be asked");
    });
    expect(JSON.parse(await answerTo(path, bytes))).toEqual({ kind: "refused", fact });
  });

  test("closes a connection that ends before its request", async () => {
    const { path } = await open(() => Promise.resolve(pong));
    expect(await answerTo(path, '{"command":"ping"}')).toBe("");
  });

  test("serves others while one waits for a reload", async () => {
    const reload = deferred<ControlAnswer>();
    const { path } = await open(({ command }) =>
      command === "reload" ? reload.promise : Promise.resolve(pong),
    );
    const waiting = askMaster({ path, request: { command: "reload", wait: true } });
    expect(await askMaster({ path, request: { command: "ping" } })).toEqual(pong);
    reload.resolve({ kind: "refused", fact: "over" });
    expect(await waiting).toEqual({ kind: "refused", fact: "over" });
  });

  test("serves others again when as many clients as it takes do not read their answers", async () => {
    const long: ControlAnswer = { kind: "refused", fact: "x".repeat(4_000_000) };
    let asked = 0;
    const answer = (): Promise<ControlAnswer> => Promise.resolve((asked += 1) <= 32 ? long : pong);
    const { path } = await open(answer, undefined, { clientTime: 500 });
    for (let clients = 0; clients < 32; clients += 1) {
      const client = connect(path).on("error", () => {});
      onTestFinished(() => void client.destroy());
      client.write('{"command":"ping"}\n');
    }
    await expect.poll(() => asked).toBe(32);
    const ask = (): Promise<ControlAnswer | undefined> =>
      askMaster({ path, request: { command: "ping" } }).catch(() => undefined);
    await expect.poll(ask).toEqual(pong);
  });

  test("keeps the connection of a stop until it closes", async () => {
    const socket = await open(() => Promise.resolve({ kind: "stopping" }));
    let isOver = false;
    const stopped = askMaster(
      { path: socket.path, request: { command: "stop" } },
      { untilClosed: true },
    ).then((answer) => {
      isOver = true;
      return answer;
    });
    expect(await askMaster({ path: socket.path, request: { command: "stop" } })).toEqual({
      kind: "stopping",
    });
    expect(isOver).toBe(false);
    await socket.close();
    expect(await stopped).toEqual({ kind: "stopping" });
    expect(existsSync(socket.path)).toBe(false);
  });

  test("removes the sockets of masters that were killed, not those of others", async () => {
    const folder = join(temporaryFolder(), "control");
    const first = await open(() => Promise.resolve(pong), join(folder, "1.sock"));
    const dead = join(folder, "2.sock");
    const foreign = join(folder, "other.sock");
    // perl leaves the files of its sockets behind.
    const killed = spawn("perl", [
      "-MIO::Socket::UNIX",
      "-e",
      "IO::Socket::UNIX->new(Local => $_, Listen => 1) or die for @ARGV",
      dead,
      foreign,
    ]);
    await once(killed, "close");
    expect([existsSync(dead), existsSync(foreign)]).toEqual([true, true]);
    const third = await open(() => Promise.resolve(pong), join(folder, "3.sock"));
    expect(readdirSync(folder).toSorted()).toEqual(["1.sock", "3.sock", "other.sock"]);
    expect(await askMaster({ path: first.path, request: { command: "ping" } })).toEqual(pong);
    expect(await askMaster({ path: third.path, request: { command: "ping" } })).toEqual(pong);
  });
});

describe("askMaster", () => {
  test("fails with ERR_NO_MASTER if none listens", async () => {
    const path = join(temporaryFolder(), "none.sock");
    await expect(askMaster({ path, request: { command: "ping" } })).rejects.toMatchObject({
      code: "ERR_NO_MASTER",
      message: `Cannot control master: no master listens on ${path}`,
    });
  });

  test("fails with ERR_CONTROL if the master ends before it answers, or takes too long", async () => {
    const never = await open(() => new Promise(() => {}));
    await expect(
      askMaster({ path: never.path, request: { command: "status" } }, { limit: 10 }),
    ).rejects.toMatchObject({
      code: "ERR_CONTROL",
      message: "Cannot control master: it has not answered for 0.01 s",
    });
    const asked = askMaster({ path: never.path, request: { command: "status" } });
    const failed = expect(asked).rejects.toMatchObject({
      code: "ERR_CONTROL",
      message: "Cannot control master: it ended before it answered",
    });
    // Answered, so the one before has arrived too.
    await askMaster({ path: never.path, request: { command: "x" } as never });
    await never.close();
    await failed;
  });
});
