import { describe, expect, test } from "vitest";

import { formatAddress, parseAddress, type Address, type AddressLike } from "../../src/protocol/address.js";

const here = { kind: "tcp", host: "127.0.0.1", port: 9000 };

describe("parseAddress", () => {
  test.each<[AddressLike, unknown]>([
    [9000, here],
    ["9000", here],
    [":9000", here],
    ["127.0.0.1:9000", here],
    ["tcp://127.0.0.1:9000", here],
    [" 9000\n", here],
    [{ port: 9000 }, here],
    [
      { host: "app.internal", port: 0 },
      { kind: "tcp", host: "app.internal", port: 0 },
    ],
    ["[::1]:9000", { kind: "tcp", host: "::1", port: 9000 }],
    ["[fe80::1%eth0]:9000", { kind: "tcp", host: "fe80::1%eth0", port: 9000 }],
    ["php-fpm.local:65535", { kind: "tcp", host: "php-fpm.local", port: 65_535 }],
    ["unix:/run/app.sock", { kind: "unix", path: "/run/app.sock" }],
    ["unix:///run/app.sock", { kind: "unix", path: "/run/app.sock" }],
    ["unix:app.sock", { kind: "unix", path: "app.sock" }],
    ["/run/app.sock", { kind: "unix", path: "/run/app.sock" }],
    ["./app.sock", { kind: "unix", path: "./app.sock" }],
    ["../app.sock", { kind: "unix", path: "../app.sock" }],
    [{ path: "/run/a:9000" }, { kind: "unix", path: "/run/a:9000" }],
    ["fd:0", { kind: "fd", fd: 0 }],
    ["fd:3", { kind: "fd", fd: 3 }],
    ["scgi:9000", { ...here, protocol: "scgi" }],
    ["scgi:127.0.0.1:9000", { ...here, protocol: "scgi" }],
    ["scgi://127.0.0.1:9000", { ...here, protocol: "scgi" }],
    ["scgi:tcp://127.0.0.1:9000", { ...here, protocol: "scgi" }],
    ["scgi:[::1]:9000", { kind: "tcp", host: "::1", port: 9000, protocol: "scgi" }],
    ["scgi:unix:/run/app.sock", { kind: "unix", path: "/run/app.sock", protocol: "scgi" }],
    ["scgi:/run/app.sock", { kind: "unix", path: "/run/app.sock", protocol: "scgi" }],
    ["scgi:///run/app.sock", { kind: "unix", path: "/run/app.sock", protocol: "scgi" }],
    ["scgi:./app.sock", { kind: "unix", path: "./app.sock", protocol: "scgi" }],
    ["scgi:fd:0", { kind: "fd", fd: 0, protocol: "scgi" }],
  ])("reads %j", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  test.each<[unknown]>([
    [""],
    ["localhost"],
    ["65536"],
    [65_536],
    [-1],
    [1.5],
    [Number.NaN],
    ["host:99999"],
    ["::1:9000"],
    ["http://127.0.0.1:9000"],
    ["host:9000/path"],
    ["a b:9000"],
    ["unix:"],
    ["fd:"],
    ["fd:-1"],
    ["scgi:"],
    ["scgi://"],
    ["scgi:scgi:/run/app.sock"],
    ["scgi:65536"],
    [{ path: "" }],
    [{ path: "/run/\0.sock" }],
    [{ path: `/${"x".repeat(107)}` }],
    [{ host: "", port: 1 }],
    [undefined],
    [null],
    [true],
  ])("refuses %j", (text) => {
    expect(() => parseAddress(text as AddressLike)).toThrow(
      expect.objectContaining({ code: "ERR_ADDRESS", fault: "local" }),
    );
  });
});

test.each<[Address, string]>([
  [{ kind: "tcp", host: "127.0.0.1", port: 9000 }, "127.0.0.1:9000"],
  [{ kind: "tcp", host: "::1", port: 9000 }, "[::1]:9000"],
  [{ kind: "unix", path: "/run/app.sock" }, "unix:/run/app.sock"],
  [{ kind: "fd", fd: 0 }, "fd:0"],
  [{ kind: "tcp", host: "::1", port: 9000, protocol: "scgi" }, "scgi:[::1]:9000"],
  [{ kind: "unix", path: "/run/app.sock", protocol: "scgi" }, "scgi:unix:/run/app.sock"],
  [{ kind: "fd", fd: 3, protocol: "scgi" }, "scgi:fd:3"],
])("formatAddress writes what parseAddress reads: %j", (address, text) => {
  expect(formatAddress(address)).toBe(text);
  expect(parseAddress(text)).toEqual(address);
});
