import { describe, expect, test } from "vitest";

import type { DescriptorKind } from "../../src/process/descriptor.js";
import { howStarted, type ProcessFacts } from "../../src/process/how-started.js";
import { parseSystemdSockets } from "../../src/process/systemd-sockets.js";

const two = {
  sockets: [
    { fd: 3, name: "web" },
    { fd: 4, name: "admin" },
    { fd: 5, name: "web" },
  ],
};

function facts(
  stdin: DescriptorKind,
  more: Partial<ProcessFacts> & { readonly asked?: () => void } = {},
): ProcessFacts {
  return {
    named: undefined,
    isCgi: false,
    kindOf: () => stdin,
    systemdSockets: () => ({ sockets: [] }),
    ...more,
  };
}

const passed = { systemdSockets: () => two };
const elsewhere = { systemdSockets: () => ({ sockets: [], meantFor: "1" }) };

describe("howStarted", () => {
  const listen = (...addresses: readonly string[]) => ({ kind: "listen", addresses });

  test.each<[string, ProcessFacts, object]>([
    [
      "a listening socket on descriptor 0, before anything else",
      facts("listening", { ...passed, named: "9001", isCgi: true }),
      listen("fd:0"),
    ],
    [
      "that socket for SCGI if TRICORN_LISTEN says so",
      facts("listening", { named: "scgi:fd:0" }),
      listen("scgi:fd:0"),
    ],
    ["an address for SCGI", facts("null", { named: "scgi:/run/app.sock" }), listen("scgi:/run/app.sock")],
    [
      "what TRICORN_LISTEN picks of what systemd passed, for SCGI",
      facts("null", { ...passed, named: "scgi:systemd:web,systemd:admin" }),
      listen("scgi:fd:3", "scgi:fd:5", "fd:4"),
    ],
    ["all that systemd passed", facts("null", passed), listen("fd:3", "fd:4", "fd:5")],
    [
      "all of that before TRICORN_LISTEN",
      facts("null", { ...passed, named: "9001" }),
      listen("fd:3", "fd:4", "fd:5"),
    ],
    [
      "what TRICORN_LISTEN picks of it",
      facts("null", { ...passed, named: "systemd:web" }),
      listen("fd:3", "fd:5"),
    ],
    [
      "what TRICORN_LISTEN picks, and its other addresses",
      facts("null", { ...passed, named: "9001, systemd:admin" }),
      listen("9001", "fd:4"),
    ],
    ["TRICORN_LISTEN", facts("null", { named: "/run/a b.sock" }), listen("/run/a b.sock")],
    [
      "each address in TRICORN_LISTEN",
      facts("null", { named: " 9001,,unix:/run/app.sock , [::1]:9002," }),
      listen("9001", "unix:/run/app.sock", "[::1]:9002"),
    ],
    ["TRICORN_LISTEN before CGI", facts("other", { named: "9001", isCgi: true }), listen("9001")],
    ["CGI with a pipe", facts("other", { isCgi: true }), { kind: "cgi" }],
    ["CGI with a connected socket, as mod_cgid has it", facts("socket", { isCgi: true }), { kind: "cgi" }],
    ["CGI with nothing", facts("null", { isCgi: true, named: "" }), { kind: "cgi" }],
    [
      "CGI below a process that systemd passed sockets",
      facts("socket", { isCgi: true, ...elsewhere }),
      { kind: "cgi" },
    ],
    ["nothing: a default", facts("other"), listen("127.0.0.1:9000")],
    ["a connected socket that is nothing to it", facts("socket"), listen("127.0.0.1:9000")],
    ["TRICORN_LISTEN of commas alone", facts("null", { named: " , " }), listen("127.0.0.1:9000")],
    [
      "sockets for another process, which it reports",
      facts("null", elsewhere),
      { ...listen("127.0.0.1:9000"), meantFor: "1" },
    ],
  ])("finds %s", (_what, process, start) => {
    expect(howStarted(undefined, process)).toEqual(start);
  });

  test("uses the addresses it is called with, and inspects nothing else", () => {
    const never = (): never => {
      throw new Error("asked");
    };
    const process = facts("listening", { named: "9001", kindOf: never, systemdSockets: never, isCgi: true });
    expect(howStarted("9002", process)).toEqual(listen("9002"));
    const several = [9002, { path: "/run/app.sock" }, { host: "::1", port: 0 }];
    expect(howStarted(several, process)).toEqual({ kind: "listen", addresses: several });
  });

  test("uses the sockets of a name it is called with", () => {
    expect(howStarted(["systemd:web", "9001"], facts("listening", passed))).toEqual(
      listen("fd:3", "fd:5", "9001"),
    );
  });

  test.each<[string, string, ProcessFacts]>([
    ["it passed web, admin, web", "systemd:other", facts("null", passed)],
    ["it passed none", "systemd:web", facts("null")],
    ["LISTEN_PID is 1, so start node directly, or with exec", "systemd:web", facts("null", elsewhere)],
  ])("refuses the name of a missing socket: %s", (fact, address, process) => {
    const error = expect.objectContaining({
      code: "ERR_SYSTEMD_SOCKET",
      message: `Cannot listen on ${address}: systemd passed no socket of that name to this process; ${fact}`,
    }) as Error;
    expect(() => howStarted(address, process)).toThrow(error);
    expect(() => howStarted(undefined, { ...process, named: `9001,${address}` })).toThrow(error);
  });

  test.each([[[]], [["9001", "nonsense"]]])("refuses %j before anything is opened", (addresses) => {
    expect(() => howStarted(addresses, facts("null"))).toThrow(
      expect.objectContaining({ code: "ERR_ADDRESS" }) as Error,
    );
  });
});

describe("parseSystemdSockets", () => {
  const pid = 77;
  const environment = { LISTEN_FDS: "3", LISTEN_PID: "77", LISTEN_FDNAMES: "web:admin:web" };

  test("reads descriptors and names", () => {
    expect(parseSystemdSockets(environment, pid)).toEqual(two);
  });

  test.each([
    [undefined, ["unknown", "unknown", "unknown"]],
    ["web", ["web", "unknown", "unknown"]],
    ["a.socket::c:d", ["a.socket", "", "c"]],
  ])("reads names of %j as %j", (names, expected) => {
    const { sockets } = parseSystemdSockets({ ...environment, LISTEN_FDNAMES: names }, pid);
    expect(sockets.map(({ name }) => name)).toEqual(expected);
  });

  test.each([
    ["no number of descriptors", { LISTEN_FDS: undefined }],
    ["none", { LISTEN_FDS: "0" }],
    ["nonsense", { LISTEN_FDS: "many" }],
    ["a negative number", { LISTEN_FDS: "-1" }],
    ["more than a process can have", { LISTEN_FDS: "99999" }],
    ["no process", { LISTEN_PID: undefined }],
  ])("finds no sockets for %s", (_what, change) => {
    expect(parseSystemdSockets({ ...environment, ...change }, pid)).toEqual({ sockets: [] });
  });

  test.each(["1", "770", "", "77x"])("ignores those for process %j", (other) => {
    expect(parseSystemdSockets({ ...environment, LISTEN_PID: other }, pid)).toEqual({
      sockets: [],
      meantFor: other,
    });
  });
});
