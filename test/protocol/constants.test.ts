import { expect, test } from "vitest";

import {
  HEADER_LENGTH,
  KEEP_CONN,
  MAX_ALIGNED_CONTENT_LENGTH,
  MAX_CONTENT_LENGTH,
  ProtocolStatus,
  RecordType,
  Role,
  ValueName,
  VERSION,
  roleName,
} from "../../src/protocol/constants.js";

test("the numbers are those of section 8", () => {
  expect({ VERSION, HEADER_LENGTH, MAX_CONTENT_LENGTH, KEEP_CONN }).toEqual({
    VERSION: 1,
    HEADER_LENGTH: 8,
    MAX_CONTENT_LENGTH: 65_535,
    KEEP_CONN: 1,
  });
  expect(Object.values(RecordType)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(Object.values(Role)).toEqual([1, 2, 3]);
  expect(Object.values(ProtocolStatus)).toEqual([0, 1, 2, 3]);
  expect(Object.values(ValueName)).toEqual(["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"]);
});

test("the writer's record length is the largest multiple of eight that fits", () => {
  expect(MAX_ALIGNED_CONTENT_LENGTH % 8).toBe(0);
  expect(MAX_ALIGNED_CONTENT_LENGTH + 8).toBeGreaterThan(MAX_CONTENT_LENGTH);
});

test("roleName names the three roles and numbers the others", () => {
  expect([1, 2, 3, 99].map(roleName)).toEqual(["responder", "authorizer", "filter", "role 99"]);
});
