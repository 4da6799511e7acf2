import { inspect } from "node:util";
import { serialize } from "node:v8";

import { describe, expect, test } from "vitest";

import { Password } from "../../src/http/password.js";
import { capturedLog } from "../support/served.js";

const secret = "open-sesame";
const password = new Password(secret);

describe("a password", () => {
  test("is revealed only by an explicit call", () => {
    expect(password.reveal()).toBe(secret);
    expect(new Password("").reveal()).toBe("");
  });

  test.each([
    [secret, true],
    ["", false],
    ["open-sesam", false],
    ["open-sesame!", false],
    ["Open-sesame", false],
    ["[redacted]", false],
  ])("equals %j: %s", (text, equal) => {
    expect(password.equals(text)).toBe(equal);
  });

  test("equals a text of other code units in the same letters only if its bytes are the same", () => {
    expect(new Password("zo\u00eb").equals("zo\u00eb")).toBe(true);
    expect(new Password("zo\u00eb").equals("zoe\u0308")).toBe(false);
    expect(new Password("\ufffd").equals("\ud800")).toBe(false);
  });

  test("equals nothing but text", () => {
    expect(() => password.equals(password as unknown as string)).toThrow(TypeError);
    expect(() => password.equals(undefined as unknown as string)).toThrow(TypeError);
  });

  test.each<[string, () => string]>([
    ["as text", () => String(password)],
    ["by toString", () => password.toString()],
    ["in a template", () => `It is ${password as unknown as string}`],
    ["added to a text", () => "It is " + (password as unknown as string)],
    ["as a key", () => Object.keys({ [password as unknown as string]: 1 })[0]!],
    ["joined", () => [password].join()],
    ["inspected", () => inspect(password)],
    ["inspected with everything", () => inspect(password, { showHidden: true, depth: null })],
    ["inside of an object", () => inspect({ password })],
    ["as JSON", () => JSON.stringify(password)],
    ["inside of JSON", () => JSON.stringify({ user: "ada", password })],
    ["in a message of an error", () => new Error(`Cannot let in ${String(password)}`).message],
  ])("is redacted %s", (_how, show) => {
    expect(show()).toContain("[redacted]");
    expect(show()).not.toContain(secret);
  });

  test.each<[string, () => string]>([
    ["is cloned", () => inspect(structuredClone({ password }))],
    ["is inspected without its own say", () => inspect(password, { customInspect: false, showHidden: true })],
    [
      "is copied",
      () => JSON.stringify(Object.assign({}, password)) + Object.getOwnPropertyNames(password).join(),
    ],
    ["is serialized", () => serialize(password).toString("latin1")],
    ["is a number", () => String(Number(password))],
  ])("does not leak if it %s", (_how, show) => {
    expect(show()).not.toContain(secret);
  });

  test("is redacted by a logger", () => {
    const { log, lines } = capturedLog();
    log.info({ password, credentials: { user: "ada", password }, list: [password] }, "seen %s", password);
    log.error(Object.assign(new Error("x"), { password }));
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines[0]!.msg).toContain("[redacted]");
  });
});
