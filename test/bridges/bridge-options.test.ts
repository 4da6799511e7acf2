import { describe, expect, test } from "vitest";

import { checkBridges, checkVouchesFor, type BridgeOptions } from "../../src/bridges/bridge-options.js";

describe("what a Web server vouches for", () => {
  test.each([["REMOTE_USER"], ["AUTH_USER"], ["SSL_CLIENT_S_DN"], ["REDIRECT_REMOTE_USER"], ["member"]])(
    "may be %s",
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
  ])("is never %s, which is the client's word", (name) => {
    expect(() => checkVouchesFor(["REMOTE_USER", name])).toThrow(
      expect.objectContaining({
        code: "ERR_VOUCHES_FOR",
        message: `Cannot serve: vouchesFor has ${name}, which is what the client says; no Web server can vouch for it`,
      }),
    );
  });

  test.each([["A-B"], [""], ["1A"], ["A\r\nB"], [7], [undefined]])(
    "is never %j, which is no name",
    (name) => {
      expect(() => checkVouchesFor([name as string])).toThrow(/no name of a variable/);
    },
  );

  test("is a list, not a text whose letters would be names", () => {
    expect(() => checkVouchesFor("REMOTE_USER" as unknown as string[])).toThrow(
      expect.objectContaining({ code: "ERR_VOUCHES_FOR" }),
    );
  });

  test("does not change with the list that was given", () => {
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
    [
      {
        authorizer: { uri: "HTTP_X_FORWARDED_URI", method: "HTTP_X_FORWARDED_METHOD", inProcess: undefined },
      },
    ],
  ])("%j are taken", (options) => {
    expect(() => checkBridges(options)).not.toThrow();
  });

  test.each<[unknown, RegExp]>([
    [{ authorizers: { inProcess: true } }, /there is no bridges\.authorizers; there are/],
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
