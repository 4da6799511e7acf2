import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

import type { Configuration, ConfigurationFile } from "../config/configuration.js";

/** A configuration on disk. */
export interface WrittenConfiguration {
  readonly folder: string;
  readonly files: readonly WrittenFile[];
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
 * Writes the files of a configuration into a folder, and creates the folders that it needs. A file that must be installed elsewhere
 * is written there too, to be copied.
 */
export async function writeConfiguration(
  { files, folders }: Configuration,
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
  return { folder, files: written };
}

async function write(path: string, { text, executable = false }: ConfigurationFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: executable ? 0o755 : 0o644 });
}
