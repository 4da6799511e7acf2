import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { RELEASE } from "./contract.js";

/** How a release is broken: its syntax, its start, or its `onStart`. */
export type Breakage = "syntax" | "throws" | "hangs";

const broken: Readonly<Record<Breakage, string>> = {
  syntax: "const answer = ;\n",
  throws: `throw new Error("this release has no database");\n`,
  // Its start does not end: neither ready nor failed.
  hangs: "await new Promise((resolve) => setTimeout(resolve, 1e9));\n",
};

/** A folder of releases, of which `current` links to one, as deployment tools arrange it. */
export class Releases {
  readonly #folder: string;
  readonly #application: string;
  #last = 0;
  #current = 0;

  /** @param application the path of the module that each release imports */
  constructor(folder: string, application: string) {
    this.#folder = folder;
    this.#application = application;
    this.deploy();
  }

  /** The number of the release that `current` links to. */
  get current(): number {
    return this.#current;
  }

  /** The program, by way of the link. */
  get main(): string {
    return join(this.#folder, "current", "main.mjs");
  }

  /** Makes the next release the current one. */
  deploy(breakage?: Breakage): number {
    const release = (this.#last += 1);
    const start = breakage === undefined ? "" : broken[breakage];
    const folder = join(this.#folder, "releases", String(release));
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "main.mjs"),
      `process.env.${RELEASE} = "${release}";\n${start}await import("${pathToFileURL(this.#application).href}");\n`,
    );
    writeFileSync(join(folder, "release.txt"), `${release}\n`);
    this.#link(release);
    return release;
  }

  /** Makes an earlier release the current one again. */
  rollBack(release: number): void {
    this.#link(release);
  }

  #link(release: number): void {
    const link = join(this.#folder, "next");
    symlinkSync(join("releases", String(release)), link);
    renameSync(link, join(this.#folder, "current"));
    this.#current = release;
  }
}
