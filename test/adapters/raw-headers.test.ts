import { describe, expect, test } from "vitest";

import { headerLines } from "../../src/adapters/raw-headers.js";
import { Params } from "../../src/protocol/params.js";

type Variables = readonly (readonly [string, string])[];

describe("headerLines", () => {
  test.each<[string, Variables, string[]]>([
    [
      "nothing but fields",
      [
        ["REQUEST_METHOD", "GET"],
        ["HTTP_X_Y", "1"],
        ["HTTPS", "on"],
      ],
      ["x-y", "1"],
    ],
    [
      "each line of a repeated field",
      [
        ["HTTP_X", "1"],
        ["HTTP_X", "2"],
      ],
      ["x", "1", "x", "2"],
    ],
    [
      "the variables that nginx sends twice once",
      [
        ["CONTENT_TYPE", "a/b"],
        ["CONTENT_LENGTH", "3"],
        ["HTTP_CONTENT_TYPE", "c/d"],
        ["HTTP_CONTENT_LENGTH", "4"],
      ],
      ["content-type", "a/b", "content-length", "3"],
    ],
    [
      "no empty ones of a request without a body",
      [
        ["CONTENT_TYPE", ""],
        ["CONTENT_LENGTH", ""],
      ],
      [],
    ],
    [
      "chunks where the length is not known",
      [
        ["CONTENT_LENGTH", ""],
        ["HTTP_TRANSFER_ENCODING", "chunked"],
      ],
      ["transfer-encoding", "chunked"],
    ],
    [
      "chunks where nginx has counted them, but the client did not",
      [
        ["CONTENT_LENGTH", "3"],
        ["HTTP_TRANSFER_ENCODING", "chunked"],
      ],
      ["transfer-encoding", "chunked"],
    ],
    [
      "chunks where Caddy does not know the length",
      [["CONTENT_LENGTH", "-1"]],
      ["transfer-encoding", "chunked"],
    ],
    ["the credentials of Jetty", [["AUTH_TYPE", "Basic YTpi"]], ["authorization", "Basic YTpi"]],
    [
      "those of everybody else once",
      [
        ["AUTH_TYPE", "Basic"],
        ["HTTP_AUTHORIZATION", "Basic YTpi"],
      ],
      ["authorization", "Basic YTpi"],
    ],
    ["no proxy", [["HTTP_PROXY", "http://evil.example"]], []],
    [
      "bytes",
      [
        ["HTTP_X", "\u00e9"],
        ["CONTENT_TYPE", "a/\u00e9"],
      ],
      ["x", "\u00c3\u00a9", "content-type", "a/\u00c3\u00a9"],
    ],
  ])("has %s", (_name, variables, expected) => {
    expect(headerLines(Params.from(variables))).toEqual(expected);
  });

  test("bounds its memory for any number of names", () => {
    for (let number = 0; number < 1000; number += 1)
      expect(headerLines(Params.from([[`HTTP_X_${number}`, ""]]))).toEqual([`x-${number}`, ""]);
  });
});
