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
        message: `Cannot serve: vouchesFor has ${name}, which is what the client says; no Web server can vouch for it`,
      }),
    );
  });

  test.each([["A-B"], [""], ["1A"], ["A\r\nB"], [7], [undefined]])(
    "never include %j, which is not a name",
    (name) => {
      expect(() => checkVouchesFor([name as string])).toThrow(/no name of a variable/);
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
    [{ authorizers: { inProcess: true } }, /there is no bridges\.authorizers; there are/],
    [{ filter: {} }, /bridges\.filter\.root is no path; name the folder/],
    [{ filter: { root: "" } }, /bridges\.filter\.root is no path/],
    [{ filter: { root: ["a"] } }, /bridges\.filter\.root is no path/],
    [{ filter: true }, /bridges\.filter is no object/],
    [
      { filter: { root: "a", roots: "b" } },
      /there is no bridges\.filter\.roots; there are root, index, cache/,
    ],
    [
      { filter: { root: "a", index: "docs/index.md" } },
      /index is "docs\/index.md", which is no name of a file/,
    ],
    [{ filter: { root: "a", index: ".index" } }, /index is ".index"/],
    [{ filter: { root: "a", index: "" } }, /index is ""/],
    [{ filter: { root: "a", index: "..\\a" } }, /index is/],
    [{ filter: { root: "a", index: 7 } }, /index is 7/],
    [{ filter: { root: "a", cache: 1000 } }, /bridges\.filter\.cache is no object/],
    [{ filter: { root: "a", cache: {} } }, /cache\.bytes is undefined, it is a positive number/],
    [{ filter: { root: "a", cache: { bytes: 0 } } }, /cache\.bytes is 0/],
    [{ filter: { root: "a", cache: { bytes: -1 } } }, /cache\.bytes is -1/],
    [{ filter: { root: "a", cache: { bytes: Number.NaN } } }, /cache\.bytes is NaN/],
    [{ filter: { root: "a", cache: { bytes: Infinity } } }, /cache\.bytes is Infinity/],
    [{ filter: { root: "a", cache: { bytes: "64 MiB" } } }, /cache\.bytes is 64 MiB/],
    [
      { filter: { root: "a", cache: { bytes: 1, entries: 7 } } },
      /there is no bridges\.filter\.cache\.entries/,
    ],
    [{ authorizer: { inprocess: true } }, /there is no bridges\.authorizer\.inprocess; there are/],
    [{ authorizer: true }, /bridges\.authorizer is no object/],
    [{ authorizer: null }, /bridges\.authorizer is no object/],
    ["auth_request", /bridges is no object/],
    [{ authorizer: { inProcess: "yes" } }, /inProcess is string/],
    [{ authorizer: { uri: "X-Forwarded-Uri" } }, /uri is "X-Forwarded-Uri", which is no name of a param/],
    [{ authorizer: { method: "" } }, /method is "", which is no name/],
    [{ authorizer: { uri: 7 } }, /uri is 7/],
  ])("%j are refused", (options, message) => {
    expect(() => checkBridges(options as BridgeOptions)).toThrow(
      expect.objectContaining({ code: "ERR_BRIDGE", message: expect.stringMatching(message) as string }),
    );
  });
});
