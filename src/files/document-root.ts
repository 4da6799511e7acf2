import type { FileHandle } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";

import { ConfigurationError } from "../errors.js";
import { FileContent } from "./file-content.js";
import { factsOf, type FileFacts } from "./file-facts.js";
import { nodeFileSystem, type FileSystem } from "./file-system.js";

/** A regular file under the root that a path leads to. */
export interface LocatedFile {
  readonly kind: "file";
  /** The decoded path of the file: the requested one, with the index where that named a folder. */
  readonly name: string;
  /** The path under which the file itself lies, once links and the file system's own spelling are resolved. */
  readonly realName: string;
  /** Where the file lies in the file system; no part of it is a link. */
  readonly realPath: string;
  /** What it was like when it was located. */
  readonly facts: FileFacts;
}

/** What a decoded path leads to under the root where that is no file. */
export type NotAFile =
  /** A folder whose path lacks the slash at its end. */
  | { readonly kind: "folder" }
  /** Nothing, or something outside the root. */
  | { readonly kind: "missing" }
  /** Something that is not served: a dot file, a device, an unreadable file. */
  | { readonly kind: "forbidden" };

/** What a decoded path leads to under the root. */
export type Located = LocatedFile | NotAFile;

/** How a document root is served. */
export interface DocumentRootOptions {
  /** The file that a path with a slash at its end leads to; `index.html` if left out. */
  readonly index?: string | undefined;
  /** That of this machine if left out. */
  readonly fileSystem?: FileSystem | undefined;
}

interface DocumentRootFacts {
  readonly index: string;
  readonly fileSystem: FileSystem;
}

const MISSING = { kind: "missing" } as const;
const FORBIDDEN = { kind: "forbidden" } as const;

/** A folder whose files are served. Nothing outside it is ever opened: what counts is the real path. */
export class DocumentRoot {
  /** DOCUMENT_ROOT: the folder without links, absolute. */
  readonly path: string;
  readonly #index: string;
  readonly #fileSystem: FileSystem;

  private constructor(path: string, { index, fileSystem }: DocumentRootFacts) {
    this.path = path;
    this.#index = index;
    this.#fileSystem = fileSystem;
  }

  /** Throws ConfigurationError `ERR_DOCUMENT_ROOT` where the folder cannot be used. */
  static async open(
    folder: string,
    { index = "index.html", fileSystem = nodeFileSystem }: DocumentRootOptions = {},
  ): Promise<DocumentRoot> {
    try {
      const path = await fileSystem.realpath(resolve(folder));
      if (!(await fileSystem.stat(path)).isDirectory()) throw unusable(folder, "it is no folder");
      await fileSystem.enter(path);
      return new DocumentRoot(path, { index, fileSystem });
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw unusable(folder, "it is not there, or this process may not enter it", error);
    }
  }

  /** Finds out what a decoded path without "." and ".." segments leads to. Opens nothing. */
  async locate(path: string): Promise<Located> {
    const name = path.endsWith("/") ? path + this.#index : path;
    if (hasDotSegment(name)) return FORBIDDEN;
    try {
      const realPath = await this.#fileSystem.realpath(join(this.path, name));
      const inside = relative(this.path, realPath).split(sep).join("/");
      // As if it were not there: nobody learns what lies outside.
      if (inside === ".." || inside.startsWith("../") || resolve(this.path, inside) !== realPath)
        return MISSING;
      const realName = `/${inside}`;
      if (hasDotSegment(realName)) return FORBIDDEN;
      const found = await this.#fileSystem.stat(realPath);
      if (found.isFile()) return { kind: "file", name, realName, realPath, facts: factsOf(found) };
      return found.isDirectory() && name === path ? { kind: "folder" } : FORBIDDEN;
    } catch (error) {
      return notLocated(error);
    }
  }

  /**
   * Opens a located file; the caller closes it. The answer is not the file any more where something else has taken its
   * place since it was located. That is looked up on the descriptor, so nothing can be swapped behind the look: neither
   * the file nor a folder above it.
   */
  async openFile({ realPath }: LocatedFile): Promise<FileContent | NotAFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await this.#fileSystem.open(realPath);
      const opened = await handle.stat({ bigint: true });
      if (!opened.isFile()) return FORBIDDEN;
      const facts = factsOf(opened);
      if (!(await this.#liesAt(handle, realPath, facts))) return MISSING;
      const content = new FileContent(handle, facts);
      handle = undefined;
      return content;
    } catch (error) {
      return notLocated(error);
    } finally {
      await handle?.close();
    }
  }

  /** Whether an open file lies at the path, and not where a link leads that stands in it by now. */
  async #liesAt(handle: FileHandle, path: string, { identity }: FileFacts): Promise<boolean> {
    const fileSystem = this.#fileSystem;
    const told = await fileSystem.pathOf(handle);
    if (told !== undefined) return told === path;
    // The next best: no link is in the path, and what lies there is what was opened.
    return (
      (await fileSystem.realpath(path)) === path && factsOf(await fileSystem.stat(path)).identity === identity
    );
  }
}

function unusable(folder: string, fact: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    "ERR_DOCUMENT_ROOT",
    `Cannot serve files of ${JSON.stringify(folder)}: ${fact}; name a folder that is there and readable`,
    cause,
  );
}

function hasDotSegment(path: string): boolean {
  return path.includes("/.");
}

function notLocated(error: unknown): NotAFile {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENAMETOOLONG":
      return MISSING;
    case "EACCES":
    case "EPERM":
    case "ELOOP":
    case "ENXIO":
      return FORBIDDEN;
    default:
      throw error;
  }
}
