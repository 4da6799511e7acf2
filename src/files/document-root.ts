import type { FileHandle } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";

import { ConfigurationError } from "../errors.js";
import { FileContent } from "./file-content.js";
import { factsOf, type FileFacts } from "./file-facts.js";
import { nodeFileSystem, type FileSystem } from "./file-system.js";

/** A regular file below the root. */
export interface LocatedFile {
  readonly kind: "file";
  /** The decoded path of the file: the requested one, plus the index for a folder. */
  readonly name: string;
  /** The path of the file below the root, with links and the file system's own spelling resolved. */
  readonly realName: string;
  /** The absolute path of the file, without links. */
  readonly realPath: string;
  /** Its facts when it was located. */
  readonly facts: FileFacts;
}

/** Why a decoded path does not lead to a file below the root. */
export type NotAFile =
  /** A folder, requested without a trailing slash. */
  | { readonly kind: "folder" }
  /** It does not exist, or is outside the root. */
  | { readonly kind: "missing" }
  /** It is never served: a dot file, a device, an unreadable file. */
  | { readonly kind: "forbidden" };

/** What a decoded path leads to below the root. */
export type Located = LocatedFile | NotAFile;

/** Options of {@link DocumentRoot.open}. */
export interface DocumentRootOptions {
  /** The file that a path with a trailing slash leads to; `index.html` by default. */
  readonly index?: string | undefined;
  /** By default that of this machine. */
  readonly fileSystem?: FileSystem | undefined;
}

interface DocumentRootFacts {
  readonly index: string;
  readonly fileSystem: FileSystem;
}

const MISSING = { kind: "missing" } as const;
const FORBIDDEN = { kind: "forbidden" } as const;

/** A folder whose files are served. No file outside it is opened: the real path decides. */
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

  /**
   * Opens a folder.
   *
   * @throws ConfigurationError `ERR_DOCUMENT_ROOT` if it does not exist or cannot be entered
   */
  static async open(
    folder: string,
    { index = "index.html", fileSystem = nodeFileSystem }: DocumentRootOptions = {},
  ): Promise<DocumentRoot> {
    try {
      const path = await fileSystem.realpath(resolve(folder));
      if (!(await fileSystem.stat(path)).isDirectory()) throw unusable(folder, "it is not a folder");
      await fileSystem.enter(path);
      return new DocumentRoot(path, { index, fileSystem });
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw unusable(folder, "it does not exist, or this process may not enter it", error);
    }
  }

  /** Finds what a decoded path without "." and ".." segments leads to, without opening it. */
  async locate(path: string): Promise<Located> {
    const name = path.endsWith("/") ? path + this.#index : path;
    if (hasDotSegment(name)) return FORBIDDEN;
    try {
      const realPath = await this.#fileSystem.realpath(join(this.path, name));
      const inside = relative(this.path, realPath).split(sep).join("/");
      // Missing, so that clients learn nothing about files outside.
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
   * Opens a located file, which the caller closes. Returns why not if the file or a folder above it was replaced since it was
   * located. This is checked on the open descriptor, so that nothing can be replaced after the check.
   */
  async openFile({ realPath }: LocatedFile): Promise<FileContent | NotAFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await this.#fileSystem.open(realPath);
      const opened = await handle.stat({ bigint: true });
      if (!opened.isFile()) return FORBIDDEN;
      const facts = factsOf(opened);
      if (!(await this.#isAt(handle, realPath, facts))) return MISSING;
      const content = new FileContent(handle, facts);
      handle = undefined;
      return content;
    } catch (error) {
      return notLocated(error);
    } finally {
      await handle?.close();
    }
  }

  /** Whether the path still leads to an open file without links. */
  async #isAt(handle: FileHandle, path: string, { identity }: FileFacts): Promise<boolean> {
    const fileSystem = this.#fileSystem;
    const current = await fileSystem.pathOf(handle);
    if (current !== undefined) return current === path;
    // Without /proc: the path has no link, and leads to the opened file.
    return (
      (await fileSystem.realpath(path)) === path && factsOf(await fileSystem.stat(path)).identity === identity
    );
  }
}

function unusable(folder: string, fact: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    "ERR_DOCUMENT_ROOT",
    `Cannot serve files of ${JSON.stringify(folder)}: ${fact}; name a folder that exists and is readable`,
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
