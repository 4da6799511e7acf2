import { expect, test } from "vitest";

import { formatLogLine } from "../../src/dev/log-line.js";
import { TerminalReporter } from "../../src/dev/terminal-reporter.js";

/** Ends the title of a terminal, clears its screen, goes up a line, and sets a color with the 8-bit introducer. */
const HOSTILE = "\u001b]0;owned\u0007\u001b[2J\u001b[1A\r\u009b31m";

/** Control characters but line feeds, which end lines of the log. */
const CONTROL = /[^\P{Cc}\n]/u;

function reported(report: (reporter: TerminalReporter) => void): string {
  let output = "";
  const write = (text: string): void => void (output += text);
  report(new TerminalReporter({ write, hasColors: false, time: () => "12:00:00" }));
  return output;
}

test("the message of a failed request does not control the terminal", () => {
  const error = {
    name: "Error",
    message: `no book ${HOSTILE}`,
    stack: `Error\n    at ${HOSTILE} (/a/b.ts:1:2)`,
  };
  const output = reported((reporter) =>
    reporter.requestFailed({ role: "responder", what: "GET /books/:id", error, params: [] }),
  );
  expect(output).toContain(String.raw`no book \x1b]0;owned\x07\x1b[2J`);
  expect(output).not.toMatch(CONTROL);
});

test("why a program does not run, the names of files and paths do not control the terminal", () => {
  const output = reported((reporter) => {
    reporter.failed({ sentence: `Cannot start: ${HOSTILE}`, details: [HOSTILE] });
    reporter.changed([`/a/${HOSTILE}.ts`]);
    reporter.requested({
      roles: [],
      method: "GET",
      path: `/${HOSTILE}`,
      decision: undefined,
      status: 404,
      isComplete: true,
      took: 1,
    });
  });
  expect(output).not.toMatch(CONTROL);
});

test.each([
  [200, 32],
  [304, 32],
  [404, 33],
  [401, 33],
  [503, 31],
  [undefined, 31],
])("the status %s has the color %i", (status, color) => {
  let output = "";
  const reporter = new TerminalReporter({
    write: (text) => void (output += text),
    hasColors: true,
    time: () => "12:00:00",
  });
  reporter.requested({
    roles: ["responder"],
    method: "GET",
    path: "/",
    decision: undefined,
    status,
    isComplete: true,
    took: 1,
  });
  expect(output).toContain(`\u001b[${color}m${status ?? "no response"}\u001b[0m`);
});

test("a line of the program's log neither controls the terminal nor looks like two", () => {
  const line = JSON.stringify({
    level: 40,
    msg: `unknown ${HOSTILE}\n12:00:00  responder   GET /admin  200`,
    user: HOSTILE,
    err: { type: "Error", message: HOSTILE, stack: `Error\n    at ${HOSTILE} (/a/b.ts:1:2)` },
  });
  const output = formatLogLine(line)!;
  expect(output).not.toMatch(CONTROL);
  for (const each of output.split("\n").slice(1)) expect(each).toMatch(/^ {2}/);
});
