import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";

import { compileSchema } from "../../src/decorators/validate.js";
import { loadZod, type Schema } from "../../src/decorators/schema.js";
import type { RequestPart } from "../../src/decorators/issue.js";
import { HttpError } from "../../src/http/http-error.js";

const secret = "hunter2-hunter2";

/** The client's message about a value that a schema refuses. */
function problemsOf(schema: Schema, value: unknown, part: RequestPart = "body"): unknown {
  try {
    compileSchema(schema, { part, at: [] })(value);
  } catch (error) {
    if (error instanceof HttpError) return error.toProblem().errors;
    throw error;
  }
  return undefined;
}

// The first schema begins to load it, and an application has done so before its first request.
beforeAll(loadZod);

afterEach(() => {
  z.config(z.locales.en());
});

describe("a message about a refused value", () => {
  const schemas: readonly (readonly [name: string, schema: Schema, value: unknown])[] = [
    ["a type", z.object({ a: z.number() }), { a: secret }],
    ["an unknown key", z.strictObject({}), { [secret]: 1 }],
    ["several unknown keys", z.strictObject({}), { [secret]: 1, other: 2 }],
    ["a literal", z.literal("right"), secret],
    ["an enum", z.enum(["a", "b"]), secret],
    ["a format", z.email(), secret],
    ["a pattern", z.string().regex(/^\d+$/), secret],
    ["a prefix", z.string().startsWith("x"), secret],
    ["a size", z.string().max(3), secret],
    ["a bound", z.number().max(3), 1234567],
    ["a multiple", z.number().multipleOf(1000), 1234567],
    ["a union", z.union([z.number(), z.boolean()]), secret],
    [
      "a discriminated union",
      z.discriminatedUnion("type", [z.object({ type: z.literal("a") })]),
      { type: secret },
    ],
    ["a key of a record", z.record(z.string().max(3), z.unknown()), { [secret]: 1 }],
    ["a refinement", z.string().refine(() => false), secret],
    ["a date", z.coerce.date(), secret],
    ["a template", z.templateLiteral(["x", z.number()]), secret],
    ["a bigint", z.coerce.bigint(), secret],
    ["a schema of zod/mini", mini.object({ a: mini.number() }), { a: secret }],
  ];

  test.each(schemas)("does not contain it for %s", (_name, schema, value) => {
    for (const locale of [z.locales.en(), z.locales.de(), z.locales.fr()]) {
      z.config(locale);
      const problems = JSON.stringify(problemsOf(schema, value));
      expect(problems).toContain('"message"');
      expect(problems).not.toContain(secret);
      expect(problems).not.toContain("1234567");
    }
  });

  test("does not contain the expected constant, which may be a key", () => {
    for (const part of ["header", "body"] as const) {
      const told = problemsOf(z.literal("the-key"), "x", part);
      expect(told).toEqual([{ in: part, path: [], message: "Invalid input: not the expected value" }]);
    }
  });

  test("lists the choices of an enum, but not those of a header, cookie or variable", () => {
    const Order = z.enum(["asc", "desc"]);
    expect(JSON.stringify(problemsOf(Order, "x", "query"))).toContain("asc");
    for (const part of ["header", "cookie", "variable"] as const) {
      expect(JSON.stringify(problemsOf(Order, "x", part))).not.toContain("asc");
    }
  });

  test("is the author's message if there is one", () => {
    const told = problemsOf(z.literal("the-key", "Ask the librarian"), "x");
    expect(told).toEqual([{ in: "body", path: [], message: "Ask the librarian" }]);
    expect(problemsOf(z.strictObject({}, "No more members"), { a: 1 })).toMatchObject([
      { message: "No more members" },
    ]);
  });

  test("includes symbols and indexes of the path", () => {
    expect(problemsOf(z.array(z.object({ a: z.string() })), [{ a: "x" }, {}])).toMatchObject([
      { path: [1, "a"] },
    ]);
  });
});

describe("a schema", () => {
  test("that is synchronous returns no promise", () => {
    expect(compileSchema(z.coerce.number(), { part: "query", at: [] })("3")).toBe(3);
  });

  test("that is asynchronous throws and resolves like a synchronous one", async () => {
    const schema = z.string().refine(async (text) => text === "a");
    const validate = compileSchema(schema, { part: "query", at: ["q"] });
    expect(await validate("a")).toBe("a");
    await expect(validate("b")).rejects.toMatchObject({
      status: 400,
      errors: [{ in: "query", path: ["q"] }],
    });
  });

  test("that fails asynchronously runs once, so that no rejection is unhandled", async () => {
    let runs = 0;
    const schema = z.string().refine(async () => {
      runs += 1;
      throw new Error("the data base is down");
    });
    const validate = compileSchema(schema, { part: "query", at: [] });
    await expect(validate("a")).rejects.toThrow("the data base is down");
    expect(runs).toBe(1);
  });

  test("whose function throws is a server error", () => {
    const schema = z.string().transform(() => {
      throw new TypeError("a bug");
    });
    expect(() => compileSchema(schema, { part: "query", at: [] })("a")).toThrow(TypeError);
  });
});
