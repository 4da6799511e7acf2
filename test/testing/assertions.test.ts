import { inspect } from "node:util";

import { assertAllows, assertDenies, assertRepliesWith, assertSetsVariable } from "tricorn/testing";
import "tricorn/testing/vitest";
import { describe, expect, test } from "vitest";

import { member, startPages } from "./support.js";

/** The message of what a function throws; "nothing" if it does not. */
function messageOf(run: () => void): string {
  try {
    run();
    return "nothing";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("an answer that is as expected passes", () => {
  test("toAllow, with variables", async () => {
    const answer = await (await startPages()).authorize("/members/", member);
    expect(answer).toAllow();
    expect(answer).toAllow({ AUTH_USER: "Zoë" });
    expect(answer).not.toDeny();
    assertAllows(answer, { AUTH_USER: "Zoë" });
  });

  test("toDeny, with a status", async () => {
    const answer = await (await startPages()).authorize("/members/");
    expect(answer).toDeny();
    expect(answer).toDeny(401);
    expect(answer).not.toDeny(403);
    expect(answer).not.toAllow();
    assertDenies(answer, 401);
  });

  test("toSetVariable, with a value or a pattern", async () => {
    const answer = await (await startPages()).authorize("/members/", member);
    expect(answer).toSetVariable("AUTH_USER");
    expect(answer).toSetVariable("AUTH_USER", "Zoë");
    expect(answer).toSetVariable("AUTH_USER", /^Z/);
    expect(answer).not.toSetVariable("AUTH_ROLE");
    expect(answer).not.toSetVariable("AUTH_USER", "ada");
    assertSetsVariable(answer, "AUTH_USER", "Zoë");
  });

  test("toReplyWith, with a status, fields, text and JSON", async () => {
    const application = await startPages();
    const hello = await application.respond("/hello");
    expect(hello).toReplyWith(200);
    expect(hello).toReplyWith({
      status: 200,
      text: "Hello",
      headers: { "x-kind": "greeting", "X-Other": null },
    });
    expect(hello).toReplyWith({ text: /^Hel/, headers: { "content-type": /^text\/plain/ } });
    expect(hello).not.toReplyWith({ text: "Hel" });
    const book = await application.respond("/book");
    expect(book).toReplyWith({ json: { title: "Emma", year: 1815 } });
    // Patterns of Vitest, also for a part.
    expect(book).toReplyWith({ json: expect.objectContaining({ title: "Emma" }) });
    assertRepliesWith(book, { status: 200, json: { year: 1815, title: "Emma" } });
  });

  test("a promise of an answer, by resolves", async () => {
    const application = await startPages();
    await expect(application.authorize("/members/", member)).resolves.toSetVariable("AUTH_USER", "Zoë");
    await expect(application.respond("/nowhere")).resolves.toReplyWith(404);
  });
});

describe("an answer that is not as expected", () => {
  test("fails toAllow with the denial, its fields and its body", async () => {
    const answer = await (await startPages()).authorize("/members/");
    const expected = `Expected the answer to allow, but its status is 401:

  authorizer GET /members/
  401 Unauthorized
  Content-Type: text/plain; charset=utf-8
  Content-Length: 13

  Unauthorized`;
    expect(messageOf(() => expect(answer).toAllow())).toBe(expected);
    expect(messageOf(() => assertAllows(answer))).toBe(expected);
  });

  test("fails with the reason of a denial that no handler has decided", async () => {
    const answer = await (await startPages()).authorize("/elsewhere");
    expect(messageOf(() => assertAllows(answer))).toContain(
      "Logged: warn Denied: no authorizer decides about this path (ERR_NO_AUTHORIZER)",
    );
  });

  test("fails with the logged error of a handler, its place and FCGI_STDERR", async () => {
    const answer = await (await startPages()).authorize("/members/broken", member);
    const message = messageOf(() => expect(answer).toAllow());
    expect(message).toMatch(/but its status is 500:/);
    expect(message).toContain("FCGI_STDERR: tricorn: Gate failed: Error: the session store is closed");
    expect(message).toMatch(
      /Logged: error Cannot complete request: Gate failed\n {2}Error: the session store is closed\n {6}at .*support\.ts:/,
    );
  });

  test.each([
    ["toDeny", (answer) => assertDenies(answer), "to deny, but it allows"],
    ["toDeny(401)", (answer) => assertDenies(answer, 401), "to deny with 401, but it allows"],
    [
      "toAllow with a variable",
      (answer) => assertAllows(answer, { AUTH_USER: "ada" }),
      "to allow with AUTH_USER, but AUTH_USER has another value",
    ],
    [
      "toSetVariable",
      (answer) => assertSetsVariable(answer, "AUTH_ROLE", "admin"),
      'to set AUTH_ROLE to "admin", but it sets only AUTH_USER',
    ],
    [
      "toReplyWith",
      (answer) => assertRepliesWith(answer, { status: 404, text: "x", headers: { Allow: "GET" } }),
      'to reply with 404, Allow, the text "x", but its status is 200, and it has no Allow, and its text is another',
    ],
    [
      "toReplyWith a field of another value",
      (answer) => assertRepliesWith(answer, { headers: { "Variable-AUTH_USER": "x", "Content-Type": null } }),
      'but its Variable-AUTH_USER is not "x"',
    ],
  ] as const satisfies readonly (readonly [
    string,
    (answer: Parameters<typeof assertAllows>[0]) => void,
    string,
  ])[])("fails %s with the fact", async (_name, check, fact) => {
    const answer = await (await startPages()).authorize("/members/", member);
    expect(messageOf(() => check(answer))).toContain(fact);
  });

  test("fails a negated matcher", async () => {
    const answer = await (await startPages()).authorize("/members/", member);
    expect(messageOf(() => expect(answer).not.toAllow())).toMatch(
      /^Expected the answer not to allow, but it does:/,
    );
  });

  test("fails toDeny for a status that some Web servers take for allowed", async () => {
    const answer = await (await startPages()).respond("/hello", { params: { REQUEST_METHOD: "OPTIONS" } });
    expect(answer.status).toBe(204);
    expect(messageOf(() => assertDenies(answer))).toContain(
      'its status is 204, which some Web servers take for "allowed"',
    );
  });

  test("fails at the test, not in the assertion", async () => {
    const answer = await (await startPages()).respond("/hello");
    let stack = "";
    try {
      assertRepliesWith(answer, 404);
    } catch (error) {
      stack = (error as Error).stack ?? "";
    }
    expect(stack.split("\n").find((line) => line.startsWith("    at "))).toContain("assertions.test.ts");
  });
});

describe("a message", () => {
  test("has no secrets of the request or the answer", async () => {
    const application = await startPages();
    const headers = { "X-Key": "s3cret-key", Cookie: "session=s3cret-cookie" };
    const session = await application.respond("/session", { headers });
    const echoed = await application.respond("/echo", {
      body: "you sent s3cret-key and s3cret-cookie",
      headers,
    });
    for (const answer of [session, echoed]) {
      const shown = `${messageOf(() => assertRepliesWith(answer, 404))}${inspect(answer)}`;
      expect(shown).toContain("[redacted]");
      expect(shown).not.toContain("s3cret");
    }
    expect(inspect(session)).toContain("Set-Cookie: session=[redacted]; HttpOnly");
    expect(() => echoed.json()).toThrow("you sent [redacted] and [redacted]");
  });

  test("shows the start of a long body, and the length of one that is not text", async () => {
    const application = await startPages();
    const long = await application.respond("/echo", { body: "x".repeat(300) });
    expect(inspect(long)).toContain(`  ${"x".repeat(200)}…`);
    expect(inspect(long)).not.toContain("x".repeat(201));
    const binary = await application.respond("/echo", { body: "\0\u0001" });
    expect(inspect(binary)).toContain("(2 bytes)");
  });
});

test.each([
  ["a promise", Promise.resolve(1), "it is a promise; await it first"],
  ["something else", { status: 200 }, "it is not an answer of testApplication"],
])("%s is no answer", (_name, value, fact) => {
  expect(() => assertAllows(value as never)).toThrow(`Cannot check answer: ${fact}`);
  expect(() => (expect(value) as unknown as { toAllow(): void }).toAllow()).toThrow(fact);
});
