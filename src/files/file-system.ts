import { constants, type BigIntStats } from "node:fs";
import { access, open, readlink, realpath, stat, type FileHandle } from "node:fs/promises";

/** The file system operations of a document root, separate so that a test can act between two of them. */
export interface FileSystem {
  /** Returns the path without links. */
  realpath(path: string): Promise<string>;
  /** Rejects if this process may not look up names in the folder. */
  enter(folder: string): Promise<void>;
  stat(path: string): Promise<BigIntStats>;
  /** Opens for reading; rejects if the last segment is a link, and does not wait for the writer of a pipe. */
  open(path: string): Promise<FileHandle>;
  /** Returns the current path of an open file; undefined if the system does not report it. */
  pathOf(handle: FileHandle): Promise<string | undefined>;
}

/** The file system of this machine. Windows has neither of the flags. */
export const nodeFileSystem: FileSystem = {
  realpath: (path) => realpath(path),
  enter: (folder) => access(folder, constants.X_OK),
  stat: (path) => stat(path, { bigint: true }),
  open: (path) => open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)),
  pathOf: async ({ fd }) => {
    try {
      return await readlink(`/proc/self/fd/${fd}`);
    } catch {
      // Only Linux has it, and a container may have no /proc.
      return undefined;
    }
  },
};
