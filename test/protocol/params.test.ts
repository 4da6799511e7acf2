import { inspect } from "node:util";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ByteCollector } from "../../src/protocol/byte-collector.js";
import { Params } from "../../src/protocol/params.js";
import { cutAt, hex } from "../support/hex.js";

const block = hex(`01 01  41     31           # A = 1
                   01 02  42     c3 a9        # B = é in UTF-8
                   01 01  43     e9           # C = é in latin-1
                   01 00  44                  # D is empty
                   01 01  41     32           # A = 2
                   0a 01  48 54 54 50 5f 50 52 4f 58 59  78   # HTTP_PROXY = x`);

describe("Params", () => {
  const params = new Params(block);

  test("finds values by name; empty is not absent", () => {
    expect(["A", "B", "C", "D", "E", "a"].map((name) => params.get(name))).toEqual([
      "2",
      "é",
      "é",
      "",
      undefined,
      undefined,
    ]);
    expect([params.has("D"), params.has("E")]).toEqual([true, false]);
  });

  test.each([
    ["none", "", true],
    ["one", "01 01 41 31", true],
    ["two that are the same", "01 01 41 31  01 01 41 31", true],
    ["two that differ", "01 01 41 31  01 01 41 32", false],
    ["three of which the outer ones are the same", "01 01 41 31  01 01 41 32  01 01 41 31", false],
    ["one that is empty and one that is not", "01 00 41  01 01 41 31", false],
    ["one, and another name with another value", "01 01 41 31  01 01 42 32", true],
  ])("compares all values of a name: %s", (_what, pairs, same) => {
    expect(new Params(hex(pairs)).isUnanimous("A")).toBe(same);
  });

  test("returns all variables with a prefix as bytes, except HTTP_PROXY", () => {
    const fields = new Params(
      hex(`08 02  48 54 54 50 5f 58 5f 41  c3 a9   # HTTP_X_A = é in UTF-8
           08 01  48 54 54 50 5f 58 5f 41  e9      # HTTP_X_A = é in latin-1
           01 05  41  48 54 54 50 5f               # A = HTTP_
           04 05  48 54 54 50  5f 58 5f 41 42      # HTTP = _X_AB
           0a 01  48 54 54 50 5f 50 52 4f 58 59  78   # HTTP_PROXY = x`),
    );
    expect(fields.bytesOf("HTTP_")).toEqual(["HTTP_X_A", "\xc3\xa9", "HTTP_X_A", "\xe9"]);
    expect(params.bytesOf("HTTP_")).toEqual([]);
  });

  test("yields the last value of a repeated name, and all of them when asked", () => {
    expect(params.get("A")).toBe("2");
    expect(params.getBytes("A")).toEqual(Buffer.from("2"));
    expect(params.getAll("A")).toEqual(["1", "2"]);
    expect(params.getAll("E")).toEqual([]);
  });

  test("yields the original bytes", () => {
    expect(params.getBytes("C")).toEqual(hex("e9"));
    expect(params.getBytes("E")).toBeUndefined();
    expect(params.bytes).toEqual(block);
    expect(params.byteLength).toBe(block.length);
  });

  test("yields bytes in memory of their own, so that no handler can change what another part of the application reads", () => {
    const kept = new Params(Buffer.from(block));
    const value = kept.getBytes("C")!;
    const bytes = kept.bytes;
    expect([value.buffer.byteLength, bytes.buffer.byteLength]).toEqual([value.length, bytes.length]);
    value.fill(0);
    bytes.fill(0);
    expect(kept.getBytes("C")).toEqual(hex("e9"));
    expect(kept.bytes).toEqual(block);
  });

  test("yields the first value of a repeated header field, which a client can add to, however often it is requested", () => {
    const repeated = Params.from([
      ["HTTP_X_USER", "real"],
      ["REMOTE_USER", "unchecked"],
      ["HTTP_X_USER", "added"],
      ["REMOTE_USER", "checked"],
    ]);

    for (let lookup = 0; lookup < 30; lookup += 1) {
      expect([repeated.get("HTTP_X_USER"), repeated.get("REMOTE_USER")]).toEqual(["real", "checked"]);
    }
    expect(repeated.toObject()).toEqual({ HTTP_X_USER: "real", REMOTE_USER: "checked" });
  });

  test("creates others without some names, and with further pairs at the end", () => {
    const long = "x".repeat(300);
    const given = Params.from([
      ["A", "1"],
      ["B", "2"],
      ["A", "3"],
      ["LONG", long],
      ["C", Buffer.from("e9", "hex")],
      ["A", ""],
    ]);
    const made = given.with([["D", "é"]], { without: new Set(["A", "D", "nothing"]) });
    expect([...made]).toEqual([
      ["B", "2"],
      ["LONG", long],
      ["C", "é"],
      ["D", "é"],
    ]);
    expect(made.getBytes("C")).toEqual(hex("e9"));
    expect(made.getBytes("D")).toEqual(hex("c3 a9"));
    expect(made.size).toBe(4);
    // The original ones do not change.
    expect(given.getAll("A")).toEqual(["1", "3", ""]);
    expect(Params.from([]).with([], { without: new Set() }).size).toBe(0);
  });

  test("drops HTTP_PROXY in every way to read it (CVE-2016-5385)", () => {
    expect(params.get("HTTP_PROXY")).toBeUndefined();
    expect(params.has("HTTP_PROXY")).toBe(false);
    expect(params.getAll("HTTP_PROXY")).toEqual([]);
    expect(params.getBytes("HTTP_PROXY")).toBeUndefined();
    expect(Array.from(params, ([name]) => name)).toEqual(["A", "B", "C", "D", "A"]);
    expect(params.toObject()).not.toHaveProperty("HTTP_PROXY");
    expect(params.size).toBe(6);
  });

  test("becomes an object without a prototype", () => {
    const object = Params.from([
      ["__proto__", "x"],
      ["A", ""],
      ["A", "2"],
    ]).toObject();
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(Object.entries(object)).toEqual([
      ["__proto__", "x"],
      ["A", "2"],
    ]);
  });

  test("shows only names when inspected or serialised", () => {
    const secret = Params.from({ HTTP_AUTHORIZATION: "Basic c2VjcmV0" });
    expect(inspect(secret)).toBe("Params(1) [ HTTP_AUTHORIZATION ]");
    expect(JSON.stringify(secret)).toBe('["HTTP_AUTHORIZATION"]');
  });

  test("answers the same after the index is built as before", () => {
    const names = ["A", "B", "C", "D", "E", "HTTP_PROXY"];
    const fresh = new Params(block);
    const first = names.map((name) => fresh.get(name));
    for (let round = 0; round < 5; round += 1) {
      expect(names.map((name) => fresh.get(name))).toEqual(first);
      expect(fresh.getAll("A")).toEqual(["1", "2"]);
    }
  });

  test("refuses a block that ends inside a pair", () => {
    expect(() => new Params(block.subarray(0, -1))).toThrow(
      expect.objectContaining({ code: "ERR_FCGI_NAME_VALUE" }),
    );
  });
});

test("PARAMS divided anywhere are the same when joined", () => {
  const text = fc.string({ maxLength: 150 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, text), { maxLength: 10 }),
      fc.array(fc.nat(), { maxLength: 100 }),
      (pairs, cuts) => {
        const whole = Params.from(pairs);
        const collector = new ByteCollector();
        for (const piece of cutAt(whole.bytes, cuts)) collector.push(piece);
        expect(collector.length).toBe(whole.bytes.length);
        expect(Array.from(new Params(collector.take()))).toEqual(
          pairs.filter(([name]) => name !== "HTTP_PROXY"),
        );
        expect(collector.length).toBe(0);
      },
    ),
  );
});

test("every name is found among any others", () => {
  const name = fc.string({ minLength: 1, maxLength: 140 });
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.string({ unit: "grapheme" }), { maxKeys: 30, noNullPrototype: false }),
      (variables) => {
        const params = Params.from(variables);
        for (const [key, value] of Object.entries(variables)) {
          if (key !== "HTTP_PROXY") expect(params.get(key)).toBe(value);
        }
      },
    ),
  );
});
