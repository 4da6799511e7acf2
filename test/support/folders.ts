import { mkdirSync, readdirSync, readlinkSync, realpathSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { temporaryFolder } from "./served.js";

/** Long ago, so that a file of this time is not one that was changed just now. */
export const LONG_AGO = new Date("2020-01-02T03:04:05.500Z");

/** A folder with these files, each of which was changed last long ago; gone when the test ends. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = realpathSync(temporaryFolder());
  for (const [name, content] of Object.entries(files)) putFile(join(folder, name), content);
  return folder;
}

/** Writes a file, and its folders, as if that had been long ago. */
export function putFile(path: string, content: string | Uint8Array, time = LONG_AGO): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, time, time);
}

/** The files below a folder that this process has open, without the folder's name. */
export function openFilesBelow(folder: string): string[] {
  const paths = readdirSync("/proc/self/fd").map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      // The listed one.
      return "";
    }
  });
  return paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
}
