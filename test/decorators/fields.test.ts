import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";

import { Body, Cookie, Header, Query, Variable } from "../../src/decorators/bind.js";
import { compileFields, compileValues, type Fields, type FieldValues } from "../../src/decorators/fields.js";
import { Responder } from "../../src/decorators/role.js";
import { Get, Post } from "../../src/decorators/route.js";
import type { Schema } from "../../src/decorators/schema.js";
import { HttpError } from "../../src/http/http-error.js";
import { applicationOf, ask } from "./support.js";

const list = z.array(z.string());
const numbers = z.array(z.coerce.number());

/** Schemas of a list, combined in all ways in which schemas can be. */
const lists: Record<string, Schema> = {
  array: list,
  "array of mini": mini.array(mini.string()),
  "array with checks": list.min(1).max(3),
  nonempty: list.nonempty(),
  optional: list.optional(),
  "exact optional": z.exactOptional(list),
  nullable: list.nullable(),
  nullish: list.nullish(),
  nonoptional: list.optional().nonoptional(),
  default: list.default(["x"]),
  prefault: list.prefault(["x"]),
  catch: list.catch(["caught"]),
  readonly: list.readonly(),
  brand: list.brand<"Tags">(),
  describe: list.describe("tags"),
  meta: list.meta({ title: "tags" }),
  refine: list.refine((values) => values.length < 9),
  superRefine: list.superRefine(() => undefined),
  check: list.check(() => undefined),
  overwrite: list.overwrite((values) => values),
  transform: list.transform((values) => values),
  "async transform": list.transform(async (values) => values),
  pipe: list.pipe(z.array(z.string().max(9))),
  codec: z.codec(list, list, { decode: (values) => values, encode: (values) => values }),
  lazy: z.lazy(() => list),
  and: list.and(z.array(z.string().max(9))),
  "and anything": list.and(z.any()),
  intersection: z.intersection(list, list.min(1)),
  "union of lists": z.union([numbers.refine((values) => !values.some(Number.isNaN)), list]),
  "union with undefined": z.union([list, z.undefined()]),
  "or null": list.or(z.null()),
  xor: z.xor([list, z.null()]),
  tuple: z.tuple([z.string()], z.string()),
  "tuple of optional items": z.tuple([z.string(), z.string().optional()]),
  "several of these": z
    .lazy(() =>
      list.transform((values) => values).pipe(z.array(z.string()).readonly() as unknown as typeof list),
    )
    .optional()
    .catch([]),
};

const from = { part: "query", at: [] } as const;
const fieldsOf = (fields: Fields): Fields => Object.assign(Object.create(null) as Fields, fields);
const read = async (schema: Schema, fields: Fields) => compileFields(schema, from)(fieldsOf(fields));
const readValues = async (schema: Schema, values: FieldValues) => compileValues(schema, from)(values);

/** The error for an invalid request. */
async function refusal(promise: Promise<unknown>): Promise<HttpError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(HttpError);
  expect(error).toMatchObject({ status: 400, code: "ERR_REQUEST_INVALID" });
  return error as HttpError;
}

/** Schemas that refuse nothing. */
const catchesAll = new Set(["catch", "several of these"]);

describe.each(Object.entries(lists))("A list as %s", (kind, schema) => {
  test("accepts one value as a list of one, and keeps several", async () => {
    expect(await readValues(schema, "a")).toEqual(["a"]);
    expect(await readValues(schema, ["a", "b"])).toEqual(["a", "b"]);
  });

  const within: Record<string, (tag: Schema) => Schema> = {
    object: (tag) => z.object({ tag }),
    "object of mini": (tag) => mini.object({ tag }),
    strictObject: (tag) => z.strictObject({ tag }),
    looseObject: (tag) => z.looseObject({ tag }),
    "object with checks": (tag) => z.object({ tag }).refine(() => true),
    extend: (tag) => z.object({ q: z.string().optional() }).extend({ tag }),
    "pick and partial": (tag) => z.object({ tag, q: z.string() }).pick({ tag: true }).partial(),
    required: (tag) => z.object({ tag }).required(),
    and: (tag) => z.object({ tag }).and(z.object({ page: z.coerce.number().default(1) })),
    "and on the left": (tag) => z.object({ page: z.coerce.number().default(1) }).and(z.object({ tag })),
    "and of both": (tag) => z.looseObject({ tag }).and(z.looseObject({})),
    intersection: (tag) => z.intersection(z.object({ tag }), z.object({ q: z.string().optional() })),
    transform: (tag) => z.object({ tag }).transform((fields) => fields),
    pipe: (tag) => z.object({ tag }).pipe(z.any()),
    optional: (tag) => z.object({ tag }).optional(),
    default: (tag) => z.object({ tag }).default({ tag: [] }),
    catch: (tag) => z.object({ tag }).catch({ tag: ["caught"] }),
    readonly: (tag) => z.object({ tag }).readonly(),
    brand: (tag) => z.object({ tag }).brand<"Search">(),
    lazy: (tag) => z.lazy(() => z.object({ tag })),
    union: (tag) => z.union([z.object({ other: z.string() }), z.object({ tag })]),
    "union with the same name": (tag) =>
      z.union([z.object({ tag: z.string(), q: z.string() }), z.object({ tag })]),
    discriminatedUnion: (tag) =>
      z.discriminatedUnion("kind", [
        z.looseObject({ kind: z.literal("a"), tag }),
        z.looseObject({ kind: z.literal("b"), tag: z.string() }),
      ]),
    record: (tag) => z.record(z.string(), z.union([tag as typeof list, z.literal("a")])),
    catchall: (tag) => z.object({ q: z.string().optional() }).catchall(tag as typeof list),
    preprocess: (tag) => z.preprocess((fields) => fields, z.looseObject({ tag })),
  };

  // A catch-all refuses nothing, so text stays text if it is tried first.
  const isTextFirst = new Set(["union with the same name", "record", "preprocess"]);
  const combined = Object.entries(within).filter(([name]) => !catchesAll.has(kind) || !isTextFirst.has(name));

  test.each(combined)("is a list as a member of %s too", async (name, around) => {
    const whole = around(schema);
    const needed = name === "discriminatedUnion" ? { kind: "a" } : {};
    for (const given of ["b", ["b"], ["b", "c"]]) {
      const result = (await read(whole, { ...needed, tag: given })) as { tag: unknown };
      expect(result.tag).toEqual(typeof given === "string" ? ["b"] : given);
    }
  });
});

describe("A schema that accepts both", () => {
  const either = z.union([z.literal("all"), list]);

  test("receives the text, and the list if it refuses that", async () => {
    expect(await readValues(either, "all")).toBe("all");
    expect(await readValues(either, "a")).toEqual(["a"]);
    expect(await readValues(either, ["all"])).toEqual(["all"]);
    expect(await read(z.object({ tag: either }), { tag: "all" })).toEqual({ tag: "all" });
    expect(await read(z.object({ tag: either }), { tag: "a" })).toEqual({ tag: ["a"] });
    expect(await readValues(z.union([z.string(), list]), "a")).toBe("a");
    expect(await readValues(z.json(), "a")).toBe("a");
  });

  test("reports what is wrong with the text, if the list fails too", async () => {
    const schema = z.union([z.literal("all"), list.min(2, "too few")]);
    const { errors } = await refusal(readValues(schema, "a"));
    expect(JSON.stringify(errors)).not.toContain("too few");
  });

  test.each<[string, Schema, FieldValues, unknown]>([
    ["splits text", z.preprocess((v) => (v as string).split(","), list), "a,b", ["a", "b"]],
    [
      "splits text into what is wrong",
      z.preprocess((v) => (v as string).split(","), list.min(3)),
      "a,b",
      400,
    ],
    ["leaves all as it is", z.preprocess((v) => v, list), "a", ["a"]],
    ["makes a list of all", z.preprocess((v) => [v].flat(), list), "a", ["a"]],
    ["is asynchronous", z.preprocess(async (v) => v, list), "a", ["a"]],
  ])("may have a preprocessing function that %s", async (_what, schema, values, expected) => {
    if (expected === 400) await refusal(readValues(schema, values));
    else expect(await readValues(schema, values)).toEqual(expected);
  });

  test("may have a function that preprocesses all fields", async () => {
    const split = z.preprocess(
      (fields) => ({ tag: (fields as { tag: string }).tag.split(",") }),
      z.object({ tag: list }),
    );
    expect(await read(split, { tag: "a,b" })).toEqual({ tag: ["a", "b"] });
  });
});

describe("A discriminated union", () => {
  const schema = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("list"), tag: list, sort: z.string() }),
    z.object({ kind: z.enum(["text", "one"]), tag: z.string(), sort: list }),
  ]);

  test("expects lists if the matching object does", async () => {
    const fields = { tag: "a", sort: "b" };
    expect(await read(schema, { kind: "list", ...fields })).toEqual({ kind: "list", tag: ["a"], sort: "b" });
    expect(await read(schema, { kind: "one", ...fields })).toEqual({ kind: "one", tag: "a", sort: ["b"] });
    expect(await read(schema.and(z.looseObject({})), { kind: "one", ...fields })).toMatchObject({ tag: "a" });
    await refusal(read(schema, { kind: "none", ...fields }));
    await refusal(read(schema, { kind: ["list", "one"], ...fields }));
  });
});

describe("A Set", () => {
  test("has each value once", async () => {
    const set = z.set(z.string());
    expect(await readValues(set, "a")).toEqual(new Set(["a"]));
    expect(await readValues(set.optional(), ["a", "b", "a"])).toEqual(new Set(["a", "b"]));
    expect(await read(z.object({ tag: set }), { tag: "a" })).toEqual({ tag: new Set(["a"]) });
  });
});

describe("Several values", () => {
  const single: Record<string, Schema> = {
    string: z.string(),
    enum: z.enum(["a", "b"]),
    number: z.coerce.number(),
    text: z.coerce.string(),
    boolean: z.coerce.boolean(),
    date: z.coerce.date(),
    bigint: z.coerce.bigint(),
    flag: z.stringbool(),
    transformed: z.coerce.string().transform((value) => value.length),
    optional: z.coerce.string().optional(),
    "the first of a pipe": z.coerce.string().pipe(z.string()),
    lazy: z.lazy(() => z.coerce.string()),
    "both sides": z.coerce.string().and(z.coerce.string()),
    union: z.union([z.coerce.string(), z.literal("x")]),
  };

  test.each(Object.entries(single))("are refused by a schema of one: %s", async (_name, schema) => {
    const values = ["2020", "2021"];
    const { errors } = await refusal(readValues(schema, values));
    expect(JSON.stringify(errors)).not.toContain("2020");
    await refusal(read(z.object({ n: schema }), { n: values }));
    await refusal(read(z.object({ n: schema }).and(z.looseObject({})), { n: values }));
    await refusal(read(z.record(z.string(), schema as z.ZodString), { n: values }));
  });

  test("report too many values", async () => {
    const { errors } = await refusal(read(z.object({ n: z.coerce.string() }), { n: ["a", "b"] }));
    expect(errors).toEqual([
      { in: "query", path: ["n"], message: "Invalid input: expected one value, received several" },
    ]);
  });

  test("reach a schema that accepts anything", async () => {
    for (const schema of [z.any(), z.unknown(), z.custom(() => true), z.unknown().transform((v) => v)])
      expect(await readValues(schema, ["a", "b"])).toEqual(["a", "b"]);
    expect(await read(z.looseObject({}), { tag: ["a", "b"], q: "a" })).toEqual({ tag: ["a", "b"], q: "a" });
  });
});

test("A recursive schema ends, and so does one that recreates itself", async () => {
  const self: Schema = z.lazy(() => z.union([list, self as typeof list]));
  expect(await readValues(self, "a")).toEqual(["a"]);
  const anew = (): Schema => z.lazy(() => z.union([list, anew() as typeof list]));
  expect(await readValues(anew(), "a")).toEqual(["a"]);
  const fields: Schema = z.lazy(() => z.union([z.object({ tag: list }), fields as z.ZodObject]));
  expect(await read(fields, { tag: "a" })).toEqual({ tag: ["a"] });
});

const Tags = z.object({ tag: list }).and(z.object({ page: z.coerce.number().default(1) }));
type Tags = z.infer<typeof Tags>;

@Responder("/")
class Search {
  @Get("/query")
  query(@Query(Tags) tags: Tags) {
    return tags;
  }

  @Post("/form")
  form(@Body(Tags) tags: Tags) {
    return tags;
  }

  @Get("/named")
  named(
    @Query("tag", z.lazy(() => list)) query: string[],
    @Header("x-tag", list.and(list)) header: string[],
    @Cookie("tag", list.readonly()) cookie: readonly string[],
    @Variable("TAG", z.set(z.string())) variable: Set<string>,
  ) {
    return { query, header, cookie, variable: [...variable] };
  }
}

describe("One value is a list of one", () => {
  const application = applicationOf([Search]);
  const json = async (...question: [target: string, request?: Parameters<typeof ask>[2]]) =>
    JSON.parse((await ask(application, ...question)).text) as unknown;

  test("in a query, and in a form", async () => {
    expect(await json("/query?tag=a&page=2")).toEqual({ tag: ["a"], page: 2 });
    const body = new URLSearchParams({ tag: "a" });
    expect(await json("/form", { body })).toEqual({ tag: ["a"], page: 1 });
  });

  test("in a header field, a cookie, a variable and a name of the query", async () => {
    const params = { HTTP_X_TAG: "h", HTTP_COOKIE: "tag=c", TAG: "v" };
    expect(await json("/named?tag=q", { params })).toEqual({
      query: ["q"],
      header: ["h"],
      cookie: ["c"],
      variable: ["v"],
    });
  });

  test("but not in JSON, which distinguishes lists itself", async () => {
    const answer = await ask(application, "/form", { body: { tag: "a" } });
    expect(answer.status).toBe(400);
  });
});
