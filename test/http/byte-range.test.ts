import { expect, test } from "vitest";

import { parseByteRange } from "../../src/http/byte-range.js";

test.each([
  ["bytes=0-0", { first: 0, last: 0 }],
  ["bytes=0-9", { first: 0, last: 9 }],
  ["bytes=3-5", { first: 3, last: 5 }],
  ["bytes=3-", { first: 3, last: 9 }],
  ["bytes=9-", { first: 9, last: 9 }],
  ["bytes=3-99", { first: 3, last: 9 }],
  ["bytes=-3", { first: 7, last: 9 }],
  ["bytes=-99", { first: 0, last: 9 }],
  [" BYTES=1-2 ", { first: 1, last: 2 }],
  ["bytes=0-99999999999999999999999999", { first: 0, last: 9 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=10-20", "unsatisfiable"],
  ["bytes=99999999999999999999999999-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=5-3", "whole"],
  ["bytes=-", "whole"],
  ["bytes=", "whole"],
  ["bytes", "whole"],
  ["", "whole"],
  ["bytes=a-b", "whole"],
  ["bytes=1.5-2", "whole"],
  ["bytes=1-2x", "whole"],
  ["bytes=--1", "whole"],
  ["lines=1-2", "whole"],
  ["bytes=0-1,4-5", "whole"],
])("RFC 9110, section 14.1.2: of ten bytes, %j are %j", (field, range) => {
  expect(parseByteRange(field, 10)).toEqual(range);
});

test.each([
  ["bytes=0-", "unsatisfiable"],
  ["bytes=-1", "unsatisfiable"],
  ["bytes=1-0", "whole"],
])("of no bytes, %j are %j", (field, range) => {
  expect(parseByteRange(field, 0)).toBe(range);
});
