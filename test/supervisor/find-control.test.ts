import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { controlPath, findControl } from "../../src/supervisor/find-control.js";
import { temporaryFolder } from "../support/served.js";

/** A process id that no process has: the highest possible one is 2 ** 22. */
const NOBODY = 2 ** 22 + 1;

/** Facts of a process whose folder for control sockets has these names. */
function facts(...names: readonly string[]) {
  const folder = temporaryFolder();
  const control = join(folder, "control");
  mkdirSync(control, { mode: 0o700 });
  for (const name of names) writeFileSync(join(control, name), "");
  return {
    folder,
    control,
    facts: { uid: process.getuid!(), foldersOf: () => [control, join(folder, "none")] },
  };
}

test("findControl returns the path that it was given, without a look at it", () => {
  expect(findControl({ control: "/nowhere/master.sock" }, facts().facts)).toBe("/nowhere/master.sock");
});

test("findControl finds the only master of the user", () => {
  const { folder, control, facts: own } = facts(`${process.pid}.sock`, `${NOBODY}.sock`, "other.txt");
  expect(findControl({}, own)).toBe(join(control, `${process.pid}.sock`));
  const environment = { RUNTIME_DIRECTORY: folder };
  expect(controlPath({ uid: own.uid, environment }, process.pid)).toBe(findControl({}, own));
});

test("findControl names the masters if there are several, and asks for one", () => {
  const { facts: own } = facts(`${process.pid}.sock`, `${process.ppid}.sock`);
  expect(() => findControl({}, own)).toThrow(
    new RegExp(
      `several masters run: (?:${process.pid}|${process.ppid}), \\d+; name one with --control or --pid-file`,
    ),
  );
});

test("findControl says that no master runs", () => {
  const { facts: own } = facts(`${NOBODY}.sock`);
  expect(() => findControl({}, own)).toThrow(
    `Cannot find master: no master of user ${own.uid} runs; name one of another user with --control or --pid-file`,
  );
});

test("findControl finds the master of a pid file", () => {
  const { folder, control, facts: own } = facts(`${process.pid}.sock`, `${process.ppid}.sock`);
  const pidFile = join(folder, "pid");
  writeFileSync(pidFile, `${process.ppid}\n`);
  expect(findControl({ pidFile }, own)).toBe(join(control, `${process.ppid}.sock`));
});

test.each([
  [`${NOBODY}\n`, `names process ${NOBODY}, which does not run`],
  [`${process.pid}\n`, `process ${process.pid}, which`],
  ["-1\n", "is not a pid file"],
  ["0\n", "is not a pid file"],
  ["", "is not a pid file"],
  [undefined, "the pid file cannot be read: ENOENT"],
])("findControl refuses the pid file %j", (content, fact) => {
  const { folder, facts: own } = facts();
  const pidFile = join(folder, "pid");
  if (content !== undefined) writeFileSync(pidFile, content);
  expect(() => findControl({ pidFile }, own)).toThrow(fact);
});
