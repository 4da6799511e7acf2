import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { PidFile } from "../../src/supervisor/pid-file.js";
import { temporaryFolder } from "../support/served.js";

test("PidFile writes the process id, readable by all, and leaves no draft", () => {
  const folder = temporaryFolder();
  const path = join(folder, "app.pid");
  new PidFile(path).write();
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o444]).toEqual([`${process.pid}\n`, 0o444]);
  expect(readdirSync(folder)).toEqual(["app.pid"]);
});

test("PidFile replaces a file and a link at its path, and follows none", () => {
  const folder = temporaryFolder();
  const [path, other] = [join(folder, "app.pid"), join(folder, "passwords")];
  writeFileSync(other, "kept");
  symlinkSync(other, path);
  new PidFile(path).write();
  new PidFile(path).write();
  expect(lstatSync(path).isFile()).toBe(true);
  expect(readFileSync(other, "utf8")).toBe("kept");
});

test("PidFile removes its file, but not that of another master, and not twice", () => {
  const path = join(temporaryFolder(), "app.pid");
  const file = new PidFile(path);
  file.write();
  file.remove();
  file.remove();
  expect(existsSync(path)).toBe(false);
  file.write();
  writeFileSync(path, "1\n");
  file.remove();
  expect(readFileSync(path, "utf8")).toBe("1\n");
});

test("PidFile fails with ERR_PID_FILE if the file cannot be written", () => {
  const path = join(temporaryFolder(), "none/app.pid");
  expect(() => new PidFile(path).write()).toThrow(`Cannot write pid file ${path}: ENOENT`);
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  expect(() => new PidFile(folder).write()).toThrow(`Cannot write pid file ${folder}: EISDIR`);
  expect(readdirSync(join(folder, ".."))).not.toContain(`.${folder.split("/").at(-1)}.${process.pid}`);
});
