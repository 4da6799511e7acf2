import { join } from "node:path";
import { expect } from "vitest";

import { commandOf, NodeProcess, type StartOptions } from "../support/node-process.js";
import { get } from "../support/records.js";
import { temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

/** The command that serves the shop, at an address if one is given. */
export function shop(...address: readonly string[]): readonly [string, ...string[]] {
  return [...commandOf("test/serve/apps/shop.ts"), ...address];
}

/** Starts the shop on an address; a port of 127.0.0.1 that is free if none is given. */
export async function startShop(
  env: StartOptions["env"] = {},
  address = "127.0.0.1:0",
): Promise<{ readonly process: NodeProcess; readonly address: string }> {
  const process = new NodeProcess(shop(address), { env });
  return { process, address: await process.address() };
}

/** The path of a unix socket that does not exist yet. */
export function socketPath(): string {
  return join(temporaryFolder(), "shop.sock");
}

/** Expects that the shop answers at an address, and lets it go. */
export async function expectHello(address: string): Promise<void> {
  const peer = await WebServerPeer.connect(address);
  const answer = await peer.send(get(1, "/hello", { keep: false })).answer(1);
  expect(answer).toMatchObject({ status: 200, text: "hello ", applicationStatus: 0 });
  await peer.closedByApplication();
  peer.end();
}

const LIFE = /^(?:start|stop) |^pid \d+$/;

/** The shop's output when it starts and stops. */
export function lifeOf(process: NodeProcess): readonly string[] {
  return process.errors.filter((line) => LIFE.test(line) && !line.startsWith("pid "));
}

/** Other lines of standard error, except those of the log. */
export function plainErrors(process: NodeProcess): readonly string[] {
  return process.errors.filter((line) => !line.startsWith("{") && !LIFE.test(line));
}

/** The messages of the log's lines. */
export function logged(process: NodeProcess): readonly string[] {
  return process.errors
    .filter((line) => line.startsWith("{"))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}
