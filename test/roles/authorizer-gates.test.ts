import { describe, expect, test } from "vitest";

import { AuthorizerGates } from "../../src/roles/authorizer-gates.js";
import { allow, deny } from "../../src/roles/verdict.js";
import { Params } from "../../src/protocol/params.js";
import { askAsCaddy, askAsNginx, expectDenied, gate } from "../support/gates.js";
import { authorize, get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

/** The paths of each glob, and the same path in another reading. */
const READINGS: readonly (readonly [glob: string, target: string])[] = [
  ["!/public/**", "/PUBLIC/secret"],
  ["!/public/**", "/Public/secret"],
  ["!/public/**", "/publi%63;x/secret"],
  ["/!(public)/**", "/PUBLIC/secret"],
  ["/!(public|assets)/**", "/Assets/secret"],
  ["/[^p]*/**", "/PUBLIC/secret"],
  ["/[!p]*/**", "/PUBLIC/secret"],
  ["!*.html", "/a.HTML"],
  ["!*.html", "/a.html;x"],
  ["/**/!(x)", "/a/X"],
  ["!/!(members)/**", "/MEMBERS/x"],
  ["/keys/**", "/%E2%84%AAeys/x"],
  ["/staff/**", "/%C5%BFtaff/x"],
  ["/staff/**", "/%EF%AC%86aff/x"],
  ["/file", "/f%C4%B1le"],
  ["/i/**", "/%C4%B0/x"],
  ["/stra\u00DFe", "/STRASSE"],
  ["/strasse", "/stra%E1%BA%9Ee"],
  ["/caf\u00E9", "/cafe%CC%81"],
  ["/\u{10400}", "/%F0%90%90%A8"],
  ["/admin*", "/admin;/x"],
  ["/admin", "/admin;/x"],
  ["/admin", "/admin%3B/x"],
  ["/admin/**", "/admin;v=1/x"],
  ["/admin/x", "/admin;v=1/x;w"],
  ["/admin", "/admin/"],
  ["/admin/", "/admin"],
  ["/admin", "//admin"],
  ["/admin", "/admin."],
  ["/admin", "/Admin.."],
];
/** Paths with more than one reading. */
const UNCLEAR = [
  "/public/..;/admin",
  "/public/.;/../admin",
  "/;/admin",
  "/%3Bx/admin",
  "/public/%2e%2e%3b/admin",
];

const secret = responder({ "GET /*": () => "SECRET" });

describe.each([
  ["the authorizer role", authorize],
  ["auth_request", askAsNginx],
  ["forward_auth", askAsCaddy],
] as const)("an authorizer for %s beside one for everything", (_name, ask) => {
  test.each(READINGS)("at %s denies %s", async (glob, target) => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), glob), secret]);
    const peer = await connect();
    expectDenied(await peer.send(ask(1, target)).answer(1), 403);
  });

  test.each(UNCLEAR)("and one for everything denies %s", async (target) => {
    const { connect } = await serveDefinitions([gate(() => allow()), secret]);
    const peer = await connect();
    expectDenied(await peer.send(ask(1, target)).answer(1), 403);
  });
});

describe("an authorizer in this process", () => {
  const listener = { bridges: { authorizer: { inProcess: true } } };

  test.each(READINGS)("at %s denies %s", async (glob, target) => {
    const { connect } = await serveDefinitions([gate(() => deny(), glob), secret], { listener });
    const peer = await connect();
    expectDenied(await peer.send(get(1, target)).answer(1), 403);
  });

  test.each(UNCLEAR)("is not bypassed by %s", async (target) => {
    const { connect } = await serveDefinitions([gate(() => deny(), "/admin"), secret], { listener });
    const peer = await connect();
    expectDenied(await peer.send(get(1, target)).answer(1), 400);
  });

  test.each([
    ["!/public/**", "/public/page"],
    ["!/public/**", "/public"],
    ["/!(public)/**", "/public/page"],
    ["/[^p]*/**", "/public/page"],
    ["!*.html", "/a.html"],
    ["/keys/**", "/locks/x"],
    ["/admin", "/administrator"],
    ["/admin", "/x;/admin"],
    ["/caf\u00E9", "/cafe"],
  ])("at %s is not asked about %s", async (glob, target) => {
    const { connect } = await serveDefinitions([gate(() => deny(), glob), secret], { listener });
    const peer = await connect();
    expect((await peer.send(get(1, target)).answer(1)).text).toBe("SECRET");
  });
});

describe("a path without an authorizer", () => {
  const gates = new AuthorizerGates([gate(() => allow(), "/members/**")], "");
  const asked = (target: string): number => gates.asked(Params.from({ REQUEST_URI: target })).length;

  test("is denied, also if another reading of it is covered", () => {
    expect(asked("/members/x")).toBe(1);
    for (const target of ["/MEMBERS/x", "/members;v=1/x", "/members./x"]) expect(asked(target)).toBe(0);
  });

  test("below an undeclared mount is recognized, even if the path is too long to compare", () => {
    const unaskable = (uri: string): number =>
      gates.unaskable(Params.from({ REQUEST_URI: uri, PATH_INFO: "/members/x" })).length;
    expect(unaskable("/app/members/x")).toBe(1);
    expect(unaskable(`/${"a".repeat(3000)}/members/x`)).toBe(1);
  });
});
