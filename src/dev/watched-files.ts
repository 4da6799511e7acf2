import { existsSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";

/** The extensions of what Node.js and `@oxc-node/core` load as code. */
const SOURCES = new Set([".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"]);
/** Other files that decide how code is loaded. */
const SETTINGS = /^(?:package|tsconfig(?:\..+)?|jsconfig)\.json$/;
/** Folders that hold no source of the program: what was installed, built or measured. */
const OTHERS = /^(?:node_modules|bower_components|dist|build|out|coverage|\..+)$/;

/** Which files are watched. */
export interface WatchedFacts {
  /** The absolute path of the program. */
  readonly script: string;
  /** The absolute path of the folder of the static files; undefined if there is none. */
  readonly root: string | undefined;
  /** Absolute paths of further files and folders, all of whose changes restart the program. */
  readonly more: readonly string[];
}

/** What a change of a file leads to. */
export type ChangeEffect = "restart" | "reload" | "nothing";

/** Decides which files are watched, and what a change of each leads to. */
export class WatchedFiles {
  #facts: WatchedFacts;
  readonly #project: string;

  constructor(facts: WatchedFacts) {
    this.#facts = facts;
    this.#project = projectOf(facts.script);
  }

  /** The folders and files to watch. */
  get paths(): readonly string[] {
    const { script, root, more } = this.#facts;
    // A program in dist/ is watched there, although dist/ is otherwise left out.
    const all = [this.#project, dirname(script), ...(root === undefined ? [] : [root]), ...more];
    return [...new Set(all)];
  }

  /** Takes a folder of static files, unless there is one. Returns whether it did. */
  takeRoot(root: string): boolean {
    if (this.#facts.root !== undefined) return false;
    this.#facts = { ...this.#facts, root };
    return true;
  }

  /** Whether a folder or file is left out. */
  ignores(path: string, isFile: boolean): boolean {
    if (isFile) return this.effectOf(path) === "nothing";
    return !this.#isNamed(path) && !this.#isStatic(path) && this.#isApart(path);
  }

  /** What a change of a file leads to. */
  effectOf(path: string): ChangeEffect {
    if (this.#isNamed(path)) return "restart";
    if (this.#isStatic(path)) return "reload";
    if (this.#isApart(path)) return "nothing";
    if (SOURCES.has(extname(path)) || SETTINGS.test(basename(path))) return "restart";
    const { root } = this.#facts;
    return root !== undefined && isBelow(path, root) ? "reload" : "nothing";
  }

  #isNamed(path: string): boolean {
    return this.#facts.more.some((one) => isBelow(path, one));
  }

  /** Scripts in the root are for the browser, unless the program is in it too. */
  #isStatic(path: string): boolean {
    const { root, script } = this.#facts;
    return root !== undefined && isBelow(path, root) && !isBelow(script, root);
  }

  /** Whether a path is in a folder without sources, as seen from the project and from the folder of the program. */
  #isApart(path: string): boolean {
    const folders = [this.#project, dirname(this.#facts.script)].filter((folder) => isBelow(path, folder));
    return folders.every((folder) =>
      relative(folder, path)
        .split(sep)
        .some((name) => OTHERS.test(name)),
    );
  }
}

/** The folder of the nearest package.json, which is the project; else that of the program. */
function projectOf(script: string): string {
  for (let folder = dirname(script); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return dirname(script);
  }
}

/** Whether a path is a folder or file, or below it. */
function isBelow(path: string, folder: string): boolean {
  const inside = relative(resolve(folder), path);
  return (
    inside === "" || (!inside.startsWith(`..${sep}`) && inside !== ".." && resolve(folder, inside) === path)
  );
}
