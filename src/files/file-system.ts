import { constants, type BigIntStats } from "node:fs";
import { access, open, readlink, realpath, stat, type FileHandle } from "node:fs/promises";

/** What a document root asks of the file system, step by step, so that a test can act between two steps. */
export interface FileSystem {
  /** The path without links. */
  realpath(path: string): Promise<string>;
  /** Rejects where this process may not look up names in the folder. */
  enter(folder: string): Promise<void>;
  stat(path: string): Promise<BigIntStats>;
  /** Opens for reading, unless a link stands at the end of the path; a pipe that nobody writes to stops nobody. */
  open(path: string): Promise<FileHandle>;
  /** The path under which an open file lies now; undefined where the system does not tell. */
  pathOf(handle: FileHandle): Promise<string | undefined>;
}

/** That of this machine. Windows has neither of the flags, and no other name for an open file. */
export const nodeFileSystem: FileSystem = {
  realpath: (path) => realpath(path),
  enter: (folder) => access(folder, constants.X_OK),
  stat: (path) => stat(path, { bigint: true }),
  open: (path) => open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)),
  pathOf: async ({ fd }) => {
    try {
      return await readlink(`/proc/self/fd/${fd}`);
    } catch {
      // Linux alone has it, and a container may do without /proc.
      return undefined;
    }
  },
};
