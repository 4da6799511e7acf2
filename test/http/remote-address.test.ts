import { expect, test } from "vitest";

import { Params } from "../../src/protocol/params.js";
import { remoteAddressOf } from "../../src/http/remote-address.js";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["::1", "::1"],
  ["[0:0:0:0:0:0:0:1]", "::1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
  ["::ffff:0.0.0.9", "0.0.0.9"],
  ["fe80::1%eth0", "fe80::1%eth0"],
  ["", undefined],
  ["unix:", undefined],
  ["localhost", undefined],
  ["192.0.2.1, 198.51.100.1", undefined],
  ["192.0.2.999", undefined],
  ["[192.0.2.1]", "192.0.2.1"],
  ["1:2", undefined],
])("the remote address of %j is %s", (text, address) => {
  expect(remoteAddressOf(Params.from({ REMOTE_ADDR: text }))).toBe(address);
});

test("it is undefined without REMOTE_ADDR, regardless of client fields", () => {
  const fields = {
    HTTP_X_FORWARDED_FOR: "192.0.2.1",
    HTTP_FORWARDED: "for=192.0.2.1",
    HTTP_REMOTE_ADDR: "192.0.2.1",
  };
  expect(remoteAddressOf(Params.from(fields))).toBeUndefined();
});
