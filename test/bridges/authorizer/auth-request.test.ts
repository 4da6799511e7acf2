import { describe, expect, test } from "vitest";

import { asAuthRequest } from "../../../src/bridges/authorizer/authorizer-questions.js";
import { challenge, deny, redirect, type Deny } from "../../../src/roles/verdict.js";

function shown(denial: Deny): [number, [string, string][]] {
  const { status, headers } = asAuthRequest(denial);
  return [status, [...headers]];
}

describe("a denial in the form of auth_request", () => {
  test.each([
    [deny(403, { headers: { "X-Why": "no" } }), 403, [["X-Why", "no"]]],
    [challenge("Basic", { realm: "x" }), 401, [["WWW-Authenticate", 'Basic realm="x"']]],
    [deny(500), 500, []],
    [deny(503, { headers: { "Retry-After": 7 } }), 503, [["Retry-After", "7"]]],
    [deny(599), 599, []],
  ])("keeps a status that nginx accepts: %o", (denial, status, headers) => {
    expect(shown(denial)).toEqual([status, headers]);
  });

  test.each([301, 302, 303, 307, 308] as const)("is 401 with two fields for a redirect by %i", (status) => {
    expect(shown(redirect("/log-in?to=/x", status))).toEqual([
      401,
      [
        ["Tricorn-Location", "/log-in?to=/x"],
        ["Tricorn-Status", String(status)],
      ],
    ]);
  });

  test("keeps cookies beside a redirect", () => {
    const denial = deny(302, { headers: { Location: "/", "Set-Cookie": ["a=1", "b=2"] } });
    expect(asAuthRequest(denial).headers.getAll("Set-Cookie")).toEqual(["a=1", "b=2"]);
  });

  test("keeps the bytes of a Location", () => {
    expect(asAuthRequest(redirect("/zoë")).headers.get("Tricorn-Location")).toBe("/zo\xc3\xab");
  });

  test.each([
    [deny(404), 404],
    [deny(429, { headers: { Location: "/x" } }), 429],
    [deny(300, { headers: { Location: "/x" } }), 300],
    [deny(304), 304],
    [deny(302), 302],
    [deny(302, { headers: { Location: ["/x", "/y"] } }), 302],
    [deny(399), 399],
    [deny(499), 499],
  ])("is 403 for other statuses, with the original in a field: %o", (denial, was) => {
    expect(shown(denial)).toEqual([403, [["Tricorn-Status", String(was)]]]);
  });

  test("drops fields of these names that a handler set", () => {
    const headers = { "Tricorn-Status": "302", "tricorn-location": "https://evil.example/" };
    for (const status of [401, 403, 500]) expect(shown(deny(status, { headers }))).toEqual([status, []]);
    expect(shown(deny(404, { headers }))).toEqual([403, [["Tricorn-Status", "404"]]]);
  });

  test("does not change the denial, which may be returned again", () => {
    const denial = redirect("/log-in");
    asAuthRequest(denial);
    expect([denial.status, [...denial.headers]]).toEqual([302, [["Location", "/log-in"]]]);
  });

  test("is always 401, 403 or a server error", () => {
    for (let status = 300; status <= 599; status += 1) {
      for (const headers of [{}, { Location: "/x" }]) {
        const told = asAuthRequest(deny(status, { headers })).status;
        expect(told === 401 || told === 403 || (told >= 500 && told === status)).toBe(true);
      }
    }
  });
});
