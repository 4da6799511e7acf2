import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { parseAllowedPeers, peersFromEnvironment } from "../../src/server/allowed-peers.js";
import { get } from "../support/records.js";
import { responder, serveDefinitions, temporaryFolder, turns } from "../support/served.js";

describe("parseAllowedPeers", () => {
  test("accepts single addresses and networks of both versions", () => {
    const peers = parseAllowedPeers(["10.1.2.3", " 192.168.0.0/16 ", "::1", "fd00::/8"]);
    for (const address of [
      "10.1.2.3",
      "192.168.0.0",
      "192.168.255.255",
      "::1",
      "0:0:0:0:0:0:0:1",
      "fdff::1",
    ]) {
      expect([address, peers.allows(address)]).toEqual([address, true]);
    }
    for (const address of ["10.1.2.4", "192.169.0.0", "::2", "fe80::1", "", "nonsense", "127.0.0.1"]) {
      expect([address, peers.allows(address)]).toEqual([address, false]);
    }
    expect(peers.allows(undefined)).toBe(false);
  });

  test("an IPv4 address is the same in its IPv6-mapped form, on both sides", () => {
    const v4 = parseAllowedPeers(["10.0.0.0/8"]);
    expect(v4.allows("::ffff:10.1.2.3")).toBe(true);
    expect(v4.allows("::ffff:11.1.2.3")).toBe(false);

    const mapped = parseAllowedPeers(["::ffff:10.1.2.3"]);
    expect(mapped.allows("10.1.2.3")).toBe(true);
    expect(mapped.allows("::ffff:10.1.2.3")).toBe(true);
    expect(mapped.allows("10.1.2.4")).toBe(false);
  });

  test.each([
    [[]],
    [[""]],
    [["localhost"]],
    [["10.0.0.1/33"]],
    [["::1/129"]],
    [["10.0.0.1/"]],
    [["10.0.0.1/-1"]],
    [["10.0.0.1/8/8"]],
    [["10.0.0.0/1e1"]],
    [["10.0.0.256"]],
    [["10.0.0.1:80"]],
    [["[::1]"]],
    [["fe80::1%eth0"]],
    [["127.0.0.1", "*"]],
  ])("%j throws instead of allowing every peer", (entries) => {
    expect(() => parseAllowedPeers(entries)).toThrow(expect.objectContaining({ code: "ERR_ALLOWED_PEERS" }));
  });
});

describe("peersFromEnvironment", () => {
  test("is undefined if the variable is not set", () => {
    expect(peersFromEnvironment(undefined)).toBeUndefined();
  });

  test("accepts a list with commas and spaces (section 3.2)", () => {
    const peers = peersFromEnvironment("199.170.183.28, 199.170.183.71,");
    expect(peers?.allows("199.170.183.28")).toBe(true);
    expect(peers?.allows("199.170.183.71")).toBe(true);
    expect(peers?.allows("199.170.183.72")).toBe(false);
  });
});

// Connects, sends and resets: then the application finds a connection that has no peer address any more, with bytes.
const SEND_AND_RESET = `
const socket = require("node:net").connect(Number(process.argv[1]), "127.0.0.1", () => {
  socket.write(require("node:fs").readFileSync(process.argv[2]), () => socket.resetAndDestroy());
});`;

test("reads nothing from a peer that is not allowed and resets the connection", async () => {
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
