import { describe, expect, test } from "vitest";

import { endToEnd, hopByHop } from "../../src/http/hop-by-hop.js";

describe("endToEnd", () => {
  test.each([...hopByHop])("removes %s, in any case", (name) => {
    expect(endToEnd([[name.toUpperCase(), "x"]])).toEqual([]);
    expect(endToEnd(new Map([[name, "x"]]))).toEqual([]);
  });

  test("removes what Connection lists, before and after it, and keeps order and repetition", () => {
    const fields = [
      ["X-Listed", "1"],
      ["X-Kept", "2"],
      ["Connection", "close,\tx-LISTED "],
      ["connection", "Set-Cookie"],
      ["x-kept", "3"],
      ["x-listed", "4"],
      ["Set-Cookie", "a=1"],
    ] as const;
    expect(endToEnd(fields)).toEqual([
      ["X-Kept", "2"],
      ["x-kept", "3"],
    ]);
  });

  test("keeps what describes the body and the request, even if Connection lists it", () => {
    const kept = [
      ["Host", "a"],
      ["Content-Length", "1"],
      ["content-type", "a/b"],
    ] as const;
    expect(endToEnd([["Connection", "host, content-length, content-type"], ...kept])).toEqual(kept);
  });

  test("handles a list of values as one field", () => {
    expect(endToEnd([["Connection", ["close", "X-A"]] as const, ["X-A", "1"] as const])).toEqual([]);
  });
});
