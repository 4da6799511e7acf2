import { describe, expect, test } from "vitest";

import { HttpError } from "../../src/http/http-error.js";
import { toReply } from "../../src/roles/reply.js";
import { allow, deny, redirect } from "../../src/roles/verdict.js";

describe("toReply", () => {
  test("treats an error that is returned like a thrown one", () => {
    const error = new HttpError(404, "There is no such book.");
    expect(() => toReply(error, {})).toThrow(error);
    expect(() => toReply(new Error("secret"), {})).toThrow("secret");
  });

  test("converts a denial to the answer that it describes", () => {
    const elsewhere = toReply(redirect("/log-in", 303), { status: 201, type: "text/html" });
    expect([...elsewhere.headers]).toEqual([["Location", "/log-in"]]);
    expect(elsewhere).toMatchObject({ status: 303, type: "text/plain; charset=utf-8" });
    expect(toReply(deny(403, { body: "No." }), {})).toMatchObject({ status: 403, body: "No." });
  });

  test("refuses to send an allow", () => {
    expect(() => toReply(allow({ USER: "ada" }), {})).toThrow("only an authorizer decides");
  });

  test("sends the fields of a Response byte for byte", () => {
    const bytes = Buffer.from("voilà", "utf8").toString("latin1");
    const answer = toReply(new Response("", { headers: { "X-Word": bytes } }), {});
    expect(answer.headers.get("x-word")).toBe(bytes);
  });

  test("drops the fields of a Response that describe a connection", () => {
    const headers = { Connection: "close, X-Listed", "X-Listed": "1", Upgrade: "x", "X-Kept": "2" };
    expect([...toReply(new Response(null, { headers }), {}).headers]).toEqual([["x-kept", "2"]]);
  });
});
