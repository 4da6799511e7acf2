import { expect, test } from "vitest";

import { failureOfOutput } from "../../src/supervisor/failure-of-output.js";
import { STARTING, end } from "../../src/supervisor/worker-state.js";

const exited = end(STARTING, { code: 1, signal: null });

test("finds place, sentence and stack in what Node.js prints", () => {
  const lines = [
    "file:///srv/app/main.js:3",
    "const text = ;",
    "             ^",
    "",
    "SyntaxError: Unexpected token ';'",
    "    at compileSourceTextModule (node:internal/modules/esm/utils:338:16)",
    "    at start (file:///srv/app/main.js:3:14)",
    "",
    "Node.js v20.20.2",
  ];
  expect(failureOfOutput(lines, exited)).toEqual({
    sentence: "SyntaxError: Unexpected token ';'",
    details: ["    at /srv/app/main.js:3", "    at start (file:///srv/app/main.js:3:14)"],
  });
});

test("finds an error with a code, and one without a place", () => {
  const lines = ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'", "    at f (/srv/app/main.js:1:1)"];
  expect(failureOfOutput(lines, exited)).toEqual({
    sentence: "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'",
    details: ["    at f (/srv/app/main.js:1:1)"],
  });
});

test.each([
  [exited, "The program ended with code 1 before it called serve"],
  [end(STARTING, { code: null, signal: "SIGSEGV" }), "The program ended by SIGSEGV before it called serve"],
  [
    end(STARTING, { code: null, signal: "SIGKILL" }),
    "The program ended by SIGKILL, perhaps for lack of memory, before it called serve",
  ],
])("describes the end of a program that printed no error", (state, sentence) => {
  expect(failureOfOutput(["something", "else"], state)).toEqual({ sentence, details: ["something", "else"] });
});
