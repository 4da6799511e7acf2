import { describe, expect, test } from "vitest";
import { z } from "zod";

import { compileSource } from "../../src/decorators/extract.js";
import type { BindingSource } from "../../src/decorators/metadata.js";
import { compileSchema } from "../../src/decorators/validate.js";
import { loadZod } from "../../src/decorators/schema.js";
import { get, post } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const Tree: z.ZodType = z.lazy(() => z.array(Tree));
const Node: z.ZodType = z.lazy(() => z.strictObject({ a: z.array(Node).optional() }));
const Later: z.ZodType = z.lazy(() => z.array(Later).refine(async () => true));
const FromText = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.json());

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const objects = (depth: number) => `${'{"a":['.repeat(depth / 2)}${"]}".repeat(depth / 2)}`;

/** Answers with what one parameter is bound to. */
async function serve(source: BindingSource) {
  await loadZod();
  const extract = compileSource(source);
  const handle = async (request: unknown) => typeof (await extract(request as never));
  const { connect, log } = await serveDefinitions([responder({ "GET /": handle, "POST /": handle })]);
  const peer = await connect();
  return {
    log,
    asked: async (request: Buffer) => {
      const { status, text } = await peer.send(request).answer(1);
      return { status, code: (/"code":"(\w+)"/.exec(text) ?? [])[1] };
    },
  };
}

describe("A value that is nested too deeply is a 400", () => {
  test.each([
    ["a schema of arrays", Tree, nested],
    ["a schema of objects", Node, objects],
    ["any JSON", z.json(), nested],
    ["an asynchronous schema", Later, nested],
    ["no recursive schema", z.any(), nested],
  ])("as JSON for %s", async (_what, schema, text) => {
    const { asked } = await serve({ from: "body", schema, limit: undefined });
    const json = (depth: number) =>
      post(1, "/", text(depth), { params: { CONTENT_TYPE: "application/json" } });
    expect(await asked(json(500))).toEqual({ status: 200, code: undefined });
    for (const depth of [502, 2_000, 100_000])
      expect(await asked(json(depth))).toEqual({ status: 400, code: "ERR_BODY_JSON" });
  });

  test.each<[what: string, source: BindingSource, request: (value: string) => Buffer]>([
    [
      "a query",
      { from: "named", part: "query", name: "a", schema: FromText },
      (value) => get(1, `/?a=${value}`),
    ],
    [
      "a whole query",
      { from: "query", schema: z.object({ a: FromText }) },
      (value) => get(1, `/?a=${value}`),
    ],
    [
      "a header",
      { from: "named", part: "header", name: "a", schema: FromText },
      (value) => get(1, "/", { params: { HTTP_A: value } }),
    ],
    [
      "a cookie",
      { from: "named", part: "cookie", name: "a", schema: FromText },
      (value) => get(1, "/", { params: { HTTP_COOKIE: `a=${value}` } }),
    ],
    [
      "a form",
      { from: "body", schema: z.object({ a: FromText }), limit: undefined },
      (value) =>
        post(1, "/", `a=${value}`, { params: { CONTENT_TYPE: "application/x-www-form-urlencoded" } }),
    ],
  ])("in %s, if its schema parses it", async (_what, source, request) => {
    const { asked, log } = await serve(source);
    expect(await asked(request(nested(100)))).toEqual({ status: 200, code: undefined });
    expect(await asked(request(nested(20_000)))).toEqual({ status: 400, code: "ERR_REQUEST_INVALID" });
    expect(log.filter(({ level }) => level >= 40)).toEqual([]);
  });

  test("but a schema that never ends is a server error", async () => {
    await loadZod();
    const endless = (): boolean => endless() && endless();
    const later = async (): Promise<boolean> => endless();
    const at = { part: "body", at: [] } as const;
    expect(() => compileSchema(z.any().refine(endless), at)({ a: [1, "2"] })).toThrow(RangeError);
    await expect(compileSchema(z.any().refine(later), at)([])).rejects.toThrow(RangeError);
  });
});

test("at most 100 errors of a value are reported", async () => {
  await loadZod();
  const check = compileSchema(z.array(z.string()), { part: "body", at: [] });
  expect(() => check(Array.from({ length: 1_000 }, () => 1))).toThrow(
    expect.objectContaining({ status: 400, errors: expect.objectContaining({ length: 100 }) }),
  );
});
