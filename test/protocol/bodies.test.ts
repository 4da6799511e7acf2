import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  decodeBeginRequest,
  decodeEndRequest,
  decodeUnknownType,
  encodeBeginRequest,
  encodeEndRequest,
  encodeUnknownType,
} from "../../src/protocol/bodies.js";
import { hex } from "../support/hex.js";

describe("BEGIN_REQUEST (section 5.1)", () => {
  const body = hex(`00 02            # role: authorizer
                    01               # flags: KEEP_CONN
                    00 00 00 00 00   # reserved`);

  test("is encoded", () => {
    expect(encodeBeginRequest({ role: 2, keepConnection: true })).toEqual(body);
  });

  test("is decoded", () => {
    expect(decodeBeginRequest(body)).toEqual({ role: 2, keepConnection: true });
  });

  test("is decoded with any reserved bits and bytes", () => {
    expect(decodeBeginRequest(hex("ff fe fe 01 02 03 04 05"))).toEqual({
      role: 0xfffe,
      keepConnection: false,
    });
  });

  test("is the same after encoding and decoding", () => {
    const bodies = fc.record({ role: fc.nat(0xffff), keepConnection: fc.boolean() });
    fc.assert(
      fc.property(bodies, (given) => {
        expect(decodeBeginRequest(encodeBeginRequest(given))).toEqual(given);
      }),
    );
  });
});

describe("END_REQUEST (section 5.5)", () => {
  const body = hex(`ff ff ff fe   # application status: unsigned
                    03            # protocol status: UNKNOWN_ROLE
                    00 00 00      # reserved`);

  test("is encoded", () => {
    expect(encodeEndRequest({ applicationStatus: 0xffff_fffe, protocolStatus: 3 })).toEqual(body);
  });

  test("is encoded with a negative status, as from exit()", () => {
    expect(encodeEndRequest({ applicationStatus: -2, protocolStatus: 3 })).toEqual(body);
  });

  test("is decoded", () => {
    expect(decodeEndRequest(body)).toEqual({ applicationStatus: 0xffff_fffe, protocolStatus: 3 });
  });
});

describe("UNKNOWN_TYPE (section 4.2)", () => {
  test("is encoded and decoded", () => {
    expect(encodeUnknownType(0x7f)).toEqual(hex("7f 00 00 00 00 00 00 00"));
    expect(decodeUnknownType(hex("7f 00 00 00 00 00 00 00"))).toBe(0x7f);
  });
});

test.each([
  ["BEGIN_REQUEST", decodeBeginRequest],
  ["END_REQUEST", decodeEndRequest],
  ["UNKNOWN_TYPE", decodeUnknownType],
])("a body of seven bytes is refused: %s", (name, decode) => {
  expect(() => decode(Buffer.alloc(7))).toThrow(
    expect.objectContaining({
      code: "ERR_FCGI_BODY_LENGTH",
      fault: "remote",
      message: `Cannot read ${name}: body is 7 bytes, expected 8`,
    }),
  );
});
