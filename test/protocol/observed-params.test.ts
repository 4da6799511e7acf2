import { describe, expect, test } from "vitest";

import { encodeNameValuePairs } from "../../src/protocol/name-value.js";
import { ObservedParams } from "../../src/protocol/observed-params.js";
import { Params } from "../../src/protocol/params.js";

const observed = (): ObservedParams => new ObservedParams(encodeNameValuePairs([["A", "1"]]));

describe("ObservedParams", () => {
  test.each<[string, (params: ObservedParams) => unknown]>([
    ["get", (params) => params.get("A")],
    ["getAll", (params) => params.getAll("A")],
    ["getBytes", (params) => params.getBytes("A")],
    ["has", (params) => params.has("A")],
    ["beginsWith", (params) => params.beginsWith("A", "1")],
    ["isUnanimous", (params) => params.isUnanimous("A")],
    ["isRepeated", (params) => params.isRepeated("A")],
  ])("record the name that %s reads, and return the same", (method, read) => {
    const params = observed();
    expect(params.reading).toEqual(new Set());
    expect(read(params)).toEqual(read(new Params(params.bytes) as ObservedParams));
    const again = observed();
    read(again);
    expect(again.reading, method).toEqual(new Set(["A"]));
  });

  test("record a name that is absent, which is information too", () => {
    const params = observed();
    expect(params.get("B")).toBeUndefined();
    expect(params.reading).toEqual(new Set(["B"]));
  });

  test("do not record the method, which is read for each request", () => {
    const params = observed();
    expect(params.method).toBe("GET");
    expect(params.reading).toEqual(new Set());
  });

  test("override every way to read, so that no read is unrecorded", () => {
    // These go through the others.
    const indirect = new Set(["constructor", "toObject", "toJSON", Symbol.for("nodejs.util.inspect.custom")]);
    const own = Reflect.ownKeys(ObservedParams.prototype);
    const missing = Reflect.ownKeys(Params.prototype).filter(
      (key) => !indirect.has(key as string) && !own.includes(key),
    );
    expect(missing).toEqual([]);
    for (const read of [
      (params: Params) => params.toObject(),
      (params: Params) => params.toJSON(),
      (params: Params) =>
        (params as unknown as Record<symbol, () => string>)[Symbol.for("nodejs.util.inspect.custom")]!(),
    ]) {
      const params = observed();
      read(params);
      expect(params.reading).toBe("everything");
    }
  });
});
