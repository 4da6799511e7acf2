import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";

import type { Configuration, ConfigurationFile } from "../config/configuration.js";

/** What was written. */
export interface WrittenConfiguration {
  readonly folder: string;
  readonly files: readonly WrittenFile[];
}

/** One file, and where it has to go. */
export interface WrittenFile {
  readonly path: string;
  /** Its place in the system, where that is another. */
  readonly place: string | undefined;
}

/** The text of a configuration; of several files, each under a line that names it. */
export function printConfiguration({ files }: Configuration): string {
  if (files.length === 1) return files[0]!.text;
  return files.map(({ name, text }) => `# ---- ${name}\n${text}`).join("\n");
}

/**
 * Writes a configuration into a folder, with what has to be there before the Web server runs. A file whose place is
 * elsewhere in the system is written beside the others, to be copied.
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
