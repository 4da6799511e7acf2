import { describe, expect, test } from "vitest";

import { audienceOf, isSameForAll } from "../../../src/bridges/filter/audience.js";
import { Params } from "../../../src/protocol/params.js";
import { reply, type Reply } from "../../../src/roles/reply.js";
import { sendfile } from "../../../src/roles/sendfile.js";

describe("the audience of a request", () => {
  test.each<[string, Record<string, string>]>([
    ["anyone", {}],
    ["anyone", { HTTP_ACCEPT: "*/*", REMOTE_ADDR: "192.0.2.1" }],
    ["anyone", { HTTP_COOKIE: "", HTTP_AUTHORIZATION: "", REMOTE_USER: "" }],
    ["someone", { HTTP_COOKIE: "theme=dark" }],
    ["someone", { HTTP_AUTHORIZATION: "Basic YTpi" }],
    ["someone", { REMOTE_USER: "ada" }],
    ["someone", { REDIRECT_REMOTE_USER: "ada" }],
    ["someone", { AUTH_USER: "ada" }],
    ["someone", { SSL_CLIENT_S_DN: "CN=ada" }],
    ["someone", { MEMBER: "ada" }],
    ["anyone", { MEMBER: "" }],
  ])("is %s for %j", (audience, params) => {
    expect(audienceOf(Params.from(params), ["MEMBER"])).toBe(audience);
  });
});

describe("a reply", () => {
  const saying = (cacheControl: string): Reply => reply("x", { headers: { "Cache-Control": cacheControl } });

  test.each<[string, Reply]>([
    ["says nothing", reply("x")],
    ["is empty text", reply("")],
    ["has an age", saying("max-age=60")],
    ["is public", saying("max-age=60, Public")],
    ["is to be revalidated", saying("no-cache")],
  ])("that %s is for all clients", (_what, one) => {
    expect(isSameForAll(one, "anyone")).toBe(true);
  });

  test.each<[string, Reply]>([
    ["is private", saying("max-age=60, PRIVATE")],
    ["has a private field", saying('private="set-cookie"')],
    ["is not to be stored", saying("no-store")],
    ["sets a cookie", reply("x", { headers: { "Set-Cookie": "a=b" } })],
    ["varies", reply("x", { headers: { Vary: "Accept-Language" } })],
    ["is public but varies", reply("x", { headers: { Vary: "*", "Cache-Control": "public" } })],
    ["is an error", reply("x", { status: 404 })],
    ["is another 2xx", reply("x", { status: 203 })],
    ["has an application status", reply("x", { applicationStatus: 1 })],
    ["has no content", reply()],
    ["is a file of the Web server's", sendfile({ via: "X-Accel-Redirect", root: "/a" })("b")],
  ])("that %s is not", (_what, one) => {
    expect(isSameForAll(one, "anyone")).toBe(false);
  });

  test("with a user is for all clients only if the reply says so, and never for an authorized request", () => {
    expect(isSameForAll(reply("x"), "someone")).toBe(false);
    expect(isSameForAll(saying("max-age=60"), "someone")).toBe(false);
    expect(isSameForAll(saying("public"), "someone")).toBe(true);
    expect(isSameForAll(saying("public"), "admitted")).toBe(false);
  });
});
