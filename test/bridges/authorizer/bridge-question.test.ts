import { describe, expect, test } from "vitest";

import {
  bridgeMarker,
  isBridgeForm,
  questionParams,
  requestNames,
} from "../../../src/bridges/authorizer/authorizer-params.js";
import { Params } from "../../../src/protocol/params.js";
import { targetOf } from "../../../src/paths/request-target.js";

const own = { uri: "TRICORN_URI", method: "TRICORN_METHOD" };
const forwarded = { uri: "HTTP_X_FORWARDED_URI", method: "HTTP_X_FORWARDED_METHOD" };

describe("the marker of a bridge", () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ["a param of its name", { TRICORN_BRIDGE: "auth_request" }, "auth_request"],
    ["also where it is empty", { TRICORN_BRIDGE: "" }, ""],
    ["no header field, which a client sets", { HTTP_TRICORN_BRIDGE: "auth_request" }, undefined],
    ["no value", { QUERY_STRING: "TRICORN_BRIDGE=auth_request", HTTP_X: "TRICORN_BRIDGE" }, undefined],
    ["no name that begins or ends like it", { TRICORN_BRIDGES: "x", X_TRICORN_BRIDGE: "x" }, undefined],
  ])("is %s", (_what, params, marker) => {
    expect(bridgeMarker(Params.from({ REQUEST_METHOD: "GET", ...params }))).toBe(marker);
  });

  test("has two forms, in exactly this spelling", () => {
    expect(["auth_request", "forward_auth"].map(isBridgeForm)).toEqual([true, true]);
    for (const other of ["", "AUTH_REQUEST", "auth_request ", "on", "1", "__proto__", "constructor"]) {
      expect(isBridgeForm(other)).toBe(false);
    }
  });
});

describe("the params of a question", () => {
  test("use a raw target behind a server that decodes its own REQUEST_URI", () => {
    const params = Params.from({
      REQUEST_URI: "/ask",
      TRICORN_URI: "/x/%252e%252e/private?q",
      TRICORN_METHOD: "GET",
      SERVER_SOFTWARE: "Microsoft-IIS/10.0",
    });
    expect(targetOf(questionParams(params, own)!)).toBe("/x/%252e%252e/private?q");
  });

  test("are about the original request, and omit what describes the request that asks", () => {
    const params = Params.from({
      REQUEST_METHOD: "POST",
      REQUEST_URI: "/members/x?mode=1&y",
      QUERY_STRING: "of=the-subrequest",
      CONTENT_LENGTH: "7",
      CONTENT_TYPE: "text/plain",
      PATH_INFO: "/.tricorn/authorize",
      PATH_TRANSLATED: "/srv/.tricorn/authorize",
      SCRIPT_NAME: "/.tricorn/authorize",
      SCRIPT_FILENAME: "/srv/.tricorn/authorize",
      DOCUMENT_URI: "/.tricorn/authorize",
      DOCUMENT_ROOT: "/srv",
      REMOTE_ADDR: "192.0.2.1",
      HTTP_COOKIE: "a=b",
      TRICORN_BRIDGE: "auth_request",
    });
    expect(questionParams(params, requestNames)!.toObject()).toEqual({
      REQUEST_METHOD: "POST",
      REQUEST_URI: "/members/x?mode=1&y",
      QUERY_STRING: "mode=1&y",
      CONTENT_TYPE: "text/plain",
      DOCUMENT_ROOT: "/srv",
      REMOTE_ADDR: "192.0.2.1",
      HTTP_COOKIE: "a=b",
    });
  });

  test("take target and method from the named params, and replace those of the question", () => {
    const params = Params.from({
      REQUEST_METHOD: "GET",
      REQUEST_URI: "/.tricorn/authorize?asker",
      QUERY_STRING: "asker",
      TRICORN_URI: "/members/x",
      TRICORN_METHOD: "DELETE",
    });
    expect(questionParams(params, own)!.toObject()).toEqual({
      REQUEST_METHOD: "DELETE",
      REQUEST_URI: "/members/x",
      QUERY_STRING: "",
    });
  });

  test("keep the bytes of the target", () => {
    const target = Buffer.from("2f6ee42f3f71e4", "hex");
    const params = Params.from([
      ["REQUEST_METHOD", "GET"],
      ["REQUEST_URI", target],
    ]);
    const question = questionParams(params, requestNames)!;
    expect(question.getBytes("REQUEST_URI")).toEqual(target);
    expect(question.getBytes("QUERY_STRING")).toEqual(target.subarray(5));
  });

  test("use the target that the Web server set last, if its stock file set one before", () => {
    const params = Params.from([
      ["REQUEST_METHOD", "GET"],
      ["REQUEST_URI", "/stock"],
      ["REQUEST_URI", "/own"],
    ]);
    expect(questionParams(params, requestNames)!.getAll("REQUEST_URI")).toEqual(["/own"]);
  });

  test.each<[string, [string, string][]]>([
    ["no target", [["TRICORN_METHOD", "GET"]]],
    ["an empty target", pairs("", "GET")],
    ["no method", [["TRICORN_URI", "/x"]]],
    ["an empty method", pairs("/x", "")],
    ["a target with a blank", pairs("/x /y", "GET")],
    ["two targets in one", pairs("/public, /members", "GET")],
    ["a target with a line break", pairs("/x\r\n/y", "GET")],
    ["a target with NUL", pairs("/x\0", "GET")],
    ["a target that is not a path", pairs("members/x", "GET")],
    ["an asterisk", pairs("*", "OPTIONS")],
    ["a target of an authority alone", pairs("example.com:443", "CONNECT")],
    ["a method with a blank", pairs("/x", "GET /y")],
    ["two methods in one", pairs("/x", "GET, POST")],
    ["a target by the name of another bridge", pairs("/x", "GET", "HTTP_X_FORWARDED")],
  ])("cannot be read from %s", (_what, params) => {
    const asker: [string, string][] = [
      ["REQUEST_METHOD", "GET"],
      ["REQUEST_URI", "/.tricorn/authorize"],
    ];
    expect(questionParams(Params.from([...asker, ...params]), own)).toBeUndefined();
  });

  test("can be read from an absolute target", () => {
    const params = Params.from(pairs("http://example.com/members/x?a", "GET"));
    expect(questionParams(params, own)!.toObject()).toMatchObject({
      REQUEST_URI: "http://example.com/members/x?a",
      QUERY_STRING: "a",
    });
  });

  test.each([
    ["URI", "/public"],
    ["METHOD", "GET"],
  ])("cannot be read if HTTP_X_FORWARDED_%s is repeated, because a client can add others", (part, twin) => {
    const params: [string, string][] = pairs("/members", "POST", "HTTP_X_FORWARDED");
    expect(questionParams(Params.from(params), forwarded)).toBeDefined();
    for (const both of [
      [...params, [`HTTP_X_FORWARDED_${part}`, twin] as const],
      [[`HTTP_X_FORWARDED_${part}`, twin] as const, ...params],
    ]) {
      expect(questionParams(Params.from(both), forwarded)).toBeUndefined();
    }
  });
});

function pairs(uri: string, method: string, prefix = "TRICORN"): [string, string][] {
  return [
    [`${prefix}_URI`, uri],
    [`${prefix}_METHOD`, method],
  ];
}
