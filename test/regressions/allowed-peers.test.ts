import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { get } from "../support/records.js";
import { responder, serveDefinitions, temporaryFolder, turns } from "../support/served.js";

// Connects, sends and resets: then the application finds a connection that has no peer address any more, with bytes.
const SEND_AND_RESET = `
const socket = require("node:net").connect(Number(process.argv[1]), "127.0.0.1", () => {
  socket.write(require("node:fs").readFileSync(process.argv[2]), () => socket.resetAndDestroy());
});`;

it("reads nothing from a peer that is not allowed and resets before it was accepted", async () => {
  const handled: string[] = [];
  const { server, log } = await serveDefinitions(
    [responder({ "GET /": ({ path }) => void handled.push(path) })],
    { server: { allowedPeers: ["192.0.2.1"] } },
  );
  const request = join(temporaryFolder(), "request");
  writeFileSync(request, get(1, "/"));
  // While this waits for the child, nothing is accepted.
  execFileSync(process.execPath, ["-e", SEND_AND_RESET, String(server.port), request]);
  while (!log.some(({ code }) => code === "ERR_PEER_NOT_ALLOWED") && handled.length === 0) await turns(1);
  await turns();
  expect(handled).toEqual([]);
});
