// In a process of its own: zod is loaded once in a process.
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

import { createApplication } from "../../src/application.js";
import { Header } from "../../src/decorators/bind.js";
import { Authorizer } from "../../src/decorators/role.js";
import { loadedZod } from "../../src/decorators/schema.js";
import { compileSchema } from "../../src/decorators/validate.js";
import { HttpError } from "../../src/http/http-error.js";
import type { AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import { allow } from "../../src/roles/verdict.js";
import { testApplication } from "../../src/testing/index.js";

/** How often zod is looked for before it is found. */
let missing = 2;

vi.mock("zod/v4/core", async (original) => {
  missing -= 1;
  if (missing >= 0) throw new Error("EMFILE: too many open files");
  return await original();
});

test("an authorizer with a schema denies while zod cannot be loaded, and decides as soon as it can", async () => {
  @Authorizer()
  class Gate {
    authorize(_request: AuthorizerRequest, @Header("x-key", z.literal("s3cret")) _key: string) {
      return allow();
    }
  }
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const running = await testApplication(createApplication({ controllers: [Gate], log }));
  onTestFinished(() => running.close());
  const statusFor = async (key: string) =>
    (await running.authorize("/", { headers: { "x-key": key } })).status;

  expect(loadedZod()).toBeUndefined();
  // The right key: only the missing library denies.
  expect(await statusFor("s3cret")).toBe(500);
  expect(lines.join("")).toContain("Cannot complete request: Gate failed");

  expect(await statusFor("s3cret")).toBe(200);
  expect(await statusFor("wrong")).toBe(500);
  expect(lines.at(-1)).toContain("ERR_REQUEST_INVALID");
});

test("a schema validates although zod is still being loaded, and synchronously afterwards", async () => {
  vi.resetModules();
  const { compileSchema: compileAnew } = await import("../../src/decorators/validate.js");
  const validate = compileAnew(z.coerce.number(), { part: "path", at: ["id"] });
  const [valid, invalid] = [validate("7"), validate("x")];
  expect(valid).toBeInstanceOf(Promise);
  expect(await valid).toBe(7);
  await expect(invalid).rejects.toMatchObject({ status: 400, code: "ERR_REQUEST_INVALID" });
  expect(validate("8")).toBe(8);
  expect(() => compileSchema(z.coerce.number(), { part: "path", at: [] })("x")).toThrow(HttpError);
});
