import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

import type { Configuration, ConfigurationFile } from "../config/configuration.js";
import { giveFolder, type FolderOutcome } from "./owned-folder.js";

/** A configuration on disk. */
export interface WrittenConfiguration {
  readonly folder: string;
  readonly files: readonly WrittenFile[];
  /** Undefined if no folder must belong to another user. */
  readonly owned: FolderOutcome | undefined;
}

/** One file, and where it must be installed. */
export interface WrittenFile {
  readonly path: string;
  /** Where it must be installed; undefined if it is already there. */
  readonly place: string | undefined;
}

/** Formats the files of a configuration. Several files each get a line with their name. */
export function printConfiguration({ files }: Configuration): string {
  if (files.length === 1) return files[0]!.text;
  return files.map(({ name, text }) => `# ---- ${name}\n${text}`).join("\n");
}

/**
 * Writes the files of a configuration into a folder, and creates the folders that it needs; root gives one to the user
 * that the Web server becomes. A file that must be installed elsewhere
 * is written there too, to be copied.
 */
export async function writeConfiguration(
  { files, folders, owned }: Configuration,
  out: string,
): Promise<WrittenConfiguration> {
  const folder = resolve(out);
  const written: WrittenFile[] = [];
  for (const file of files) {
    const isOwn = folders.some((own) => file.name.startsWith(`${own}/`));
    const path =
      isAbsolute(file.name) && !isOwn ? join(folder, basename(file.name)) : resolve(folder, file.name);
    await write(path, file);
    written.push({ path, place: path === resolve(folder, file.name) ? undefined : file.name });
  }
  for (const path of folders) await mkdir(path, { recursive: true });
  return { folder, files: written, owned: owned && (await giveFolder(owned)) };
}

async function write(path: string, { text, executable = false }: ConfigurationFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: executable ? 0o755 : 0o644 });
}
