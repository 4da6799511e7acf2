import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CANARY } from "./gate.js";

/** A file that is too long for one record, and has letters of more than one byte. */
const LARGE = "Die Größe zählt, and this line is one of many\n".repeat(25_000);

/** When the files were last changed. */
export const CHANGED = new Date("2024-02-29T12:00:00Z");

/** Makes the files that the filter is tried with: good ones, and such as nobody shall see. */
export function writeFilteredFiles(root: string, outside: string): void {
  const files: Readonly<Record<string, string>> = {
    "texts/short.txt": "one\ntwo\n",
    "texts/no-end.txt": "one\nthe last line has no end",
    "texts/large.txt": LARGE,
    "texts/empty.txt": "",
    "texts/a b+c%.txt": "A name that must be escaped\n",
    "texts/.hidden.txt": "the canary sings\n",
    "members/private.txt": "the canary sings\n",
    "secret/.git/config.txt": "the canary sings\n",
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
    utimesSync(path, CHANGED, CHANGED);
  }
  mkdirSync(join(root, "texts/folder.txt"));
  writeFileSync(join(outside, "outside.txt"), `${CANARY}\n`);
  symlinkSync(join(outside, "outside.txt"), join(root, "texts/out.txt"));
  symlinkSync("short.txt", join(root, "texts/in.txt"));
  symlinkSync("nowhere.txt", join(root, "texts/dangling.txt"));
}
