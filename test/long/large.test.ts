import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Type, begin, get, params, record, stdin, variablesOf } from "../support/records.js";
import { openSocket, WebServerPeer } from "../support/web-server-peer.js";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
/** What the process may need at its most; Node with the loader of TypeScript takes about 90 MiB of it by itself. */
const BOUND = 200;

let child: ChildProcess;
let address: string;

beforeAll(async () => {
  const main = fileURLToPath(new URL("../support/large-application.ts", import.meta.url));
  child = spawn(process.execPath, ["--import", "@oxc-node/core/register", main], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  address = line.toString().trim();
});

afterAll(async () => {
  const exited = once(child, "exit");
  child.stdin!.end();
  await exited;
});

/** The most memory that the application ever had, in MiB. */
function peakMemory(): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** 8 MiB less a bit: STDIN in records of the greatest length, and the bytes of content in them. */
const block = Buffer.concat(
  Array.from({ length: 128 }, () => record(Type.stdin, 1, Buffer.alloc(65_535, "u"))),
);
const blockContent = 128 * 65_535;
const blocks = Math.ceil(GiB / blockContent);

async function uploadOneGiB(peer: WebServerPeer, path: string): Promise<void> {
  const length = { REQUEST_METHOD: "POST", CONTENT_LENGTH: String(blocks * blockContent) };
  peer.send(begin(1), params(1, variablesOf(path, length)));
  for (let count = 0; count < blocks; count += 1) await peer.upload(block);
  peer.send(stdin(1));
}

describe("1 GiB leaves the memory flat", () => {
  test("uploaded to a handler that streams it", async () => {
    const peer = await WebServerPeer.connect(address);
    await uploadOneGiB(peer, "/stream");

    expect((await peer.answer(1)).text).toBe(`read ${blocks * blockContent}`);
    expect(peakMemory()).toBeLessThan(BOUND);
  });

  test("uploaded to a handler that never reads it, and the connection is used again", async () => {
    const peer = await WebServerPeer.connect(address);
    await uploadOneGiB(peer, "/never");

    expect((await peer.answer(1)).text).toBe("not read");
    expect((await peer.send(get(1, "/produce/0")).answer(1)).status).toBe(200);
    expect(peakMemory()).toBeLessThan(BOUND);
  });

  test("uploaded on a connection that is to be closed, to a handler that never reads it", async () => {
    const peer = await WebServerPeer.connect(address);
    // Nothing is read before everything is sent.
    peer.socket.pause();
    peer.send(begin(1, 1, { keep: false }), params(1, variablesOf("/never", { REQUEST_METHOD: "POST" })));
    for (let count = 0; count < blocks; count += 1) await peer.upload(block);
    peer.send(stdin(1));
    peer.socket.resume();

    expect((await peer.answer(1)).text).toBe("not read");
    await peer.closedByApplication();
    expect(peakMemory()).toBeLessThan(BOUND);
  });

  test("produced by a generator, and read as fast as it comes", async () => {
    const socket = openSocket(address);
    await once(socket, "connect");
    let received = 0;
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    const ended = once(socket, "end");
    socket.write(get(1, `/produce/${GiB / (256 * 1024)}`, { keep: false }));
    await ended;
    socket.destroy();

    expect(received).toBeGreaterThan(GiB);
    expect(peakMemory()).toBeLessThan(BOUND);
  });
});
