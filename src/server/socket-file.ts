import { linkSync, lstatSync, renameSync, unlinkSync, type BigIntStats } from "node:fs";

/** What link(2) fails with where the file system has no hard links. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/** The file of a unix socket, told apart from another one that takes its place under the same name. */
export class SocketFile {
  readonly #path: string;
  readonly #stats: BigIntStats;

  private constructor(path: string, stats: BigIntStats) {
    this.#path = path;
    this.#stats = stats;
  }

  /** What lies at a path now, whatever it is; undefined where nothing does. */
  static at(path: string): SocketFile | undefined {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : new SocketFile(path, stats);
  }

  /**
   * Gives a socket that listens a name that is free: either all of that happens, or somebody else has the name. Its old name
   * is gone then.
   */
  static name(from: string, path: string): SocketFile | undefined {
    try {
      linkSync(from, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return undefined;
      if (!NO_LINKS.has(code)) throw error;
      // Two that start at the same moment may both come here: this file system has no better.
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

  /** A name for what is done to this file, and to no other one that comes after it. */
  get id(): string {
    return `${this.#stats.ino}-${this.#stats.mtimeNs}`;
  }

  /** Removes the file, unless another one lies in its place: that belongs to somebody who came later. */
  remove(): void {
    const now = SocketFile.at(this.#path);
    if (now !== undefined && now.id === this.id && now.#stats.dev === this.#stats.dev) unlinkSync(this.#path);
  }
}
