import { linkSync, lstatSync, renameSync, unlinkSync, type BigIntStats } from "node:fs";

/** What link(2) fails with on a file system without hard links. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/** The file of a unix socket, distinguished from a later one of the same name. */
export class SocketFile {
  readonly #path: string;
  readonly #stats: BigIntStats;

  private constructor(path: string, stats: BigIntStats) {
    this.#path = path;
    this.#stats = stats;
  }

  /** The file at a path, of any type; undefined if there is none. */
  static at(path: string): SocketFile | undefined {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : new SocketFile(path, stats);
  }

  /**
   * Renames the file of a listening socket to a free name, atomically. Returns undefined if the name is taken.
   */
  static name(from: string, path: string): SocketFile | undefined {
    try {
      linkSync(from, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return undefined;
      if (!NO_LINKS.has(code)) throw error;
      // Two processes that start at the same moment may both get here: this file system cannot do better.
      if (SocketFile.at(path) !== undefined) return undefined;
      renameSync(from, path);
      return SocketFile.at(path);
    }
    unlinkSync(from);
    return SocketFile.at(path);
  }

  get isSocket(): boolean {
    return this.#stats.isSocket();
  }

  /** Identifies this file and no later one of the same name. */
  get id(): string {
    return `${this.#stats.ino}-${this.#stats.mtimeNs}`;
  }

  /** Whether the file is there, and not one that another process has put in its place. */
  get isThere(): boolean {
    const now = SocketFile.at(this.#path);
    return now !== undefined && now.id === this.id && now.#stats.dev === this.#stats.dev;
  }

  /** Removes the file, unless another process has put its own there. */
  remove(): void {
    if (this.isThere) unlinkSync(this.#path);
  }
}
