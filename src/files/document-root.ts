import { constants } from "node:fs";
import { open, realpath, stat, type FileHandle } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";

import { ConfigurationError } from "../errors.js";

/** A regular file under the root that a path leads to. */
export interface LocatedFile {
  readonly kind: "file";
  /** The decoded path of the file: the requested one, with index.html where that named a folder. */
  readonly name: string;
  /** The path under which the file itself lies, once links and the file system's own spelling are resolved. */
  readonly realName: string;
  /** Where the file lies in the file system; no part of it is a link. */
  readonly realPath: string;
}

/** What a decoded path leads to under the root. */
export type Located =
  | LocatedFile
  /** A folder whose path lacks the slash at its end. */
  | { readonly kind: "folder" }
  /** Nothing, or something outside the root. */
  | { readonly kind: "missing" }
  /** Something that is not served: a dot file, a device, an unreadable file. */
  | { readonly kind: "forbidden" };

/** An open file and what it is like, both of the same moment. */
export interface OpenFile {
  readonly handle: FileHandle;
  /** Bytes in the file. */
  readonly length: number;
  /** Last modification in whole seconds since the epoch. */
  readonly modified: number;
}

const INDEX = "index.html";
const MISSING = { kind: "missing" } as const;
const FORBIDDEN = { kind: "forbidden" } as const;

/** The folder whose files a gateway serves. Nothing outside it is ever opened: what counts is the real path. */
export class DocumentRoot {
  /** DOCUMENT_ROOT: the folder without links, absolute. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws ConfigurationError `ERR_GATEWAY_ROOT` where the folder cannot be used. */
  static async open(folder: string): Promise<DocumentRoot> {
    try {
      const path = await realpath(resolve(folder));
      if ((await stat(path)).isDirectory()) return new DocumentRoot(path);
    } catch (cause) {
      throw new ConfigurationError("ERR_GATEWAY_ROOT", `Cannot serve "${folder}": it cannot be read`, cause);
    }
    throw new ConfigurationError("ERR_GATEWAY_ROOT", `Cannot serve "${folder}": it is not a folder`);
  }

  /** Finds out what a decoded path without "." and ".." segments leads to. */
  async locate(path: string): Promise<Located> {
    const name = path.endsWith("/") ? path + INDEX : path;
    if (hasDotSegment(name)) return FORBIDDEN;
    try {
      const realPath = await realpath(join(this.path, name));
      const inside = relative(this.path, realPath).split(sep).join("/");
      // As if it were not there: nobody learns what lies outside.
      if (inside === ".." || inside.startsWith("../") || resolve(this.path, inside) !== realPath)
        return MISSING;
      const realName = `/${inside}`;
      if (hasDotSegment(realName)) return FORBIDDEN;
      const facts = await stat(realPath);
      if (facts.isFile()) return { kind: "file", name, realName, realPath };
      return facts.isDirectory() && name === path ? { kind: "folder" } : FORBIDDEN;
    } catch (error) {
      return notLocated(error);
    }
  }

  /**
   * Opens a located file for reading; the caller closes the handle. The answer is not the file any more where
   * something else has taken its place since it was located.
   */
  async openFile({ realPath }: LocatedFile): Promise<OpenFile | Exclude<Located, LocatedFile>> {
    let handle: FileHandle;
    try {
      // No link may have taken the place of the file meanwhile, and a pipe must not stop us.
      handle = await open(
        realPath,
        constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
      );
    } catch (error) {
      return notLocated(error);
    }
    try {
      const facts = await handle.stat();
      if (facts.isFile()) return { handle, length: facts.size, modified: Math.floor(facts.mtimeMs / 1000) };
    } catch (error) {
      await handle.close();
      return notLocated(error);
    }
    await handle.close();
    return FORBIDDEN;
  }
}

function hasDotSegment(path: string): boolean {
  return path.includes("/.");
}

function notLocated(error: unknown): Exclude<Located, LocatedFile> {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENAMETOOLONG":
      return MISSING;
    case "EACCES":
    case "EPERM":
    case "ELOOP":
      return FORBIDDEN;
    default:
      throw error;
  }
}
