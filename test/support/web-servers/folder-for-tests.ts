import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** A folder that is there while the tests of one `describe` run, and that every user can read. */
export function folderForTests(): () => string {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tricorn-site-"));
    chmodSync(folder, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => folder;
}
