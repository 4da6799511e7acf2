import { describe, expect, test } from "vitest";

import { checkBridges, checkVouchesFor, type BridgeOptions } from "../../src/bridges/bridge-options.js";

describe("trusted variables", () => {
  test.each([["REMOTE_USER"], ["AUTH_USER"], ["SSL_CLIENT_S_DN"], ["REDIRECT_REMOTE_USER"], ["member"]])(
    "may include %s",
    (name) => {
      expect(checkVouchesFor([name])).toEqual([name]);
    },
  );

  test.each([
    ["HTTP_X_USER"],
    ["http_x_user"],
    ["REDIRECT_HTTP_X_USER"],
    ["QUERY_STRING"],
    ["REQUEST_URI"],
    ["CONTENT_TYPE"],
    ["PATH_INFO"],
    ["SCRIPT_NAME"],
    ["SERVER_NAME"],
    ["AUTH_TYPE"],
    ["REMOTE_PASSWD"],
    ["TRICORN_BRIDGE"],
  ])("never include %s, which a client sets", (name) => {
    expect(() => checkVouchesFor(["REMOTE_USER", name])).toThrow(
      expect.objectContaining({
        code: "ERR_VOUCHES_FOR",
        message: `Cannot serve: vouchesFor has ${name}, which the client controls; no Web server can vouch for it`,
      }),
    );
  });

  test.each([["A-B"], [""], ["1A"], ["A\r\nB"], [7], [undefined]])(
    "never include %j, which is not a name",
    (name) => {
      expect(() => checkVouchesFor([name as string])).toThrow(/not a variable name/);
    },
  );

  test("are a list, not a text whose letters would be names", () => {
    expect(() => checkVouchesFor("REMOTE_USER" as unknown as string[])).toThrow(
      expect.objectContaining({ code: "ERR_VOUCHES_FOR" }),
    );
  });

  test("do not change with the given list", () => {
    const given = ["REMOTE_USER"];
    const checked = checkVouchesFor(given);
    given.push("HTTP_X_USER");
    expect(checked).toEqual(["REMOTE_USER"]);
  });
});

describe("bridge options", () => {
  test.each<[BridgeOptions]>([
    [{}],
    [{ authorizer: {} }],
    [{ authorizer: undefined }],
    [{ authorizer: { inProcess: true } }],
    [{ filter: { root: "pages" } }],
    [{ filter: { root: "/srv/pages", index: "index.md", cache: { bytes: 1 } } }],
    [{ filter: { root: ".", index: undefined, cache: undefined } }],
    [
      {
        authorizer: { uri: "HTTP_X_FORWARDED_URI", method: "HTTP_X_FORWARDED_METHOD", inProcess: undefined },
      },
    ],
  ])("%j are accepted", (options) => {
    expect(() => checkBridges(options)).not.toThrow();
  });

  test.each<[unknown, RegExp]>([
    [{ authorizers: { inProcess: true } }, /bridges has no option authorizers; it has/],
    [{ filter: {} }, /bridges\.filter\.root is not a path; set it to the folder/],
    [{ filter: { root: "" } }, /bridges\.filter\.root is not a path/],
    [{ filter: { root: ["a"] } }, /bridges\.filter\.root is not a path/],
    [{ filter: true }, /bridges\.filter is not an object/],
    [{ filter: { root: "a", roots: "b" } }, /bridges\.filter has no option roots; it has root, index, cache/],
    [
      { filter: { root: "a", index: "docs/index.md" } },
      /index is "docs\/index.md", which is not a file name/,
    ],
    [{ filter: { root: "a", index: ".index" } }, /index is ".index"/],
    [{ filter: { root: "a", index: "" } }, /index is ""/],
    [{ filter: { root: "a", index: "..\\a" } }, /index is/],
    [{ filter: { root: "a", index: 7 } }, /index is 7/],
    [{ filter: { root: "a", cache: 1000 } }, /bridges\.filter\.cache is not an object/],
    [{ filter: { root: "a", cache: {} } }, /cache\.bytes is undefined; it must be a positive number/],
    [{ filter: { root: "a", cache: { bytes: 0 } } }, /cache\.bytes is 0/],
    [{ filter: { root: "a", cache: { bytes: -1 } } }, /cache\.bytes is -1/],
    [{ filter: { root: "a", cache: { bytes: Number.NaN } } }, /cache\.bytes is NaN/],
    [{ filter: { root: "a", cache: { bytes: Infinity } } }, /cache\.bytes is Infinity/],
    [{ filter: { root: "a", cache: { bytes: "64 MiB" } } }, /cache\.bytes is 64 MiB/],
    [
      { filter: { root: "a", cache: { bytes: 1, entries: 7 } } },
      /bridges\.filter\.cache has no option entries/,
    ],
    [{ authorizer: { inprocess: true } }, /bridges\.authorizer has no option inprocess; it has/],
    [{ authorizer: true }, /bridges\.authorizer is not an object/],
    [{ authorizer: null }, /bridges\.authorizer is not an object/],
    ["auth_request", /bridges is not an object/],
    [{ authorizer: { inProcess: "yes" } }, /inProcess is of type string/],
    [{ authorizer: { uri: "X-Forwarded-Uri" } }, /uri is "X-Forwarded-Uri", which is not a param name/],
    [{ authorizer: { method: "" } }, /method is "", which is not a param name/],
    [{ authorizer: { uri: 7 } }, /uri is 7/],
  ])("%j are refused", (options, message) => {
    expect(() => checkBridges(options as BridgeOptions)).toThrow(
      expect.objectContaining({ code: "ERR_BRIDGE", message: expect.stringMatching(message) as string }),
    );
  });
});
