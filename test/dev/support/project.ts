import {
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { inject } from "vitest";

import { commandOf, NodeProcess, projectFolder } from "../../support/node-process.js";
import { temporaryFolder } from "../../support/served.js";

/** A project of a user, with Tricorn and what runs TypeScript in its node_modules. */
export class Project {
  readonly folder = realpathSync(temporaryFolder());

  /** @param files contents by path */
  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, content] of Object.entries({ "package.json": '{"type":"module"}', ...files }))
      this.write(name, content);
    const exports = { ".": "./src/index.mjs", "./adapters": "./src/adapters/index.mjs" };
    this.write("node_modules/tricorn/package.json", JSON.stringify({ type: "module", exports }));
    // A copy: @oxc-node/core compiles what is not in node_modules.
    for (const name of ["src/index.mjs", "src/adapters/index.mjs", "dist/shared"])
      cpSync(join(inject("compiledPrograms"), name), join(this.folder, "node_modules/tricorn", name), {
        recursive: true,
      });
    this.link("@oxc-node/core");
  }

  /** Installs a package that Tricorn has itself. */
  link(name: string): void {
    const place = join(this.folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(projectFolder, "node_modules", name), place);
  }

  /** Writes a file at once, as editors do: a reader sees all of it or nothing. */
  write(name: string, content: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}~`, content);
    renameSync(`${path}~`, path);
  }

  /** Replaces a text in a file. */
  edit(name: string, [before, after]: readonly [string, string]): void {
    const content = readFileSync(join(this.folder, name), "utf8");
    if (!content.includes(before)) throw new Error(`${name} has no ${before}`);
    this.write(name, content.replace(before, after));
  }
}

/** A running `tricorn dev`. */
export class DevProcess extends NodeProcess {
  constructor(project: Project, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    super([...commandOf("src/cli/main.ts"), "dev", "--port", "0", ...args], {
      cwd: project.folder,
      env: { TMPDIR: temporaryFolder(), ...env },
    });
  }

  /** Where it listens, without a slash at the end. */
  async url(): Promise<string> {
    return (await this.line(/"url":"(.+?)\/?"/))[1]!;
  }

  /** Resolves when the program has begun to serve this often. */
  async served(times = 1): Promise<void> {
    while (this.#count(/"msg":"Program serves"/) < times) await this.nextLine();
  }

  #count(pattern: RegExp): number {
    return [...this.output, ...this.errors].filter((line) => pattern.test(line)).length;
  }
}
