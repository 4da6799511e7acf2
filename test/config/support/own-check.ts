import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Configuration } from "../../../src/config/configuration.js";
import { programPath } from "../../support/web-servers/background-process.js";

/** The outcome of a program that checks configurations. */
export interface Checked {
  /** 0 if it accepts the configuration. */
  readonly code: number;
  readonly output: string;
}

/** Lets a Web server check a configuration in a temporary folder; `{}` is the path of its main file. */
export async function checkedBy(
  [program, ...args]: readonly [string, ...string[]],
  write: (folder: string) => Pick<Configuration, "files" | "folders">,
): Promise<Checked> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-config-"));
  // Its programs are for a Web server that has let go of root's rights.
  chmodSync(folder, 0o755);
  try {
    const { files, folders } = write(folder);
    const [main, ...programs] = files;
    for (const path of folders) if (path.startsWith(`${folder}/`)) mkdirSync(path, { recursive: true });
    const path = join(folder, "main.conf");
    writeFileSync(path, main!.text);
    for (const { name, text } of programs) {
      mkdirSync(dirname(name), { recursive: true });
      writeFileSync(name, text, { mode: 0o755 });
    }
    return await run(
      programPath(program),
      args.map((argument) => argument.replace("{}", path)),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[]): Promise<Checked> {
  return new Promise((resolve) => {
    execFile(program, args, (error, output, warnings) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: output + warnings });
    });
  });
}
