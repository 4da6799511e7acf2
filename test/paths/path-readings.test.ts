import { expect, test } from "vitest";

import { readingsOf } from "../../src/paths/path-readings.js";

test.each([
  ["/", ["/"]],
  ["/a/b.txt", ["/a/b.txt"]],
  ["/a/", ["/a/", "/a"]],
  ["/a;/x", ["/a;/x", "/a", "/a/x"]],
  ["/a;v=1/x;w", ["/a;v=1/x;w", "/a", "/a/x"]],
  ["/a/;x", ["/a/;x", "/a/", "/a"]],
  ["/;/a", ["/;/a", "/", "/a"]],
  ["/a./b", ["/a./b", "/a/b"]],
  ["/a /b", ["/a /b"]],
  ["/.../b", ["/.../b"]],
  ["/e\u0301", ["/e\u0301", "/\u00E9"]],
])("the readings of %j are %j", (path, readings) => {
  expect(readingsOf(path)).toEqual(readings);
});

test("a path has few readings", () => {
  expect(readingsOf("/e\u0301.;a/b.;c./d;/").length).toBeLessThanOrEqual(24);
});
