import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { ConfigurationError } from "../errors.js";

/** Readable by all: a process id is no secret. */
const FILE_MODE = 0o644;

/** The file with the process id of the master. */
export class PidFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Writes the file at once: its readers find the old content or the new one. A link at the path is replaced, not followed.
   *
   * @throws ConfigurationError `ERR_PID_FILE` if it cannot be written
   */
  write(): void {
    const draft = join(dirname(this.#path), `.${basename(this.#path)}.${process.pid}`);
    try {
      rmSync(draft, { force: true });
      writeFileSync(draft, `${process.pid}\n`, { flag: "wx", mode: FILE_MODE });
      renameSync(draft, this.#path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw new ConfigurationError(
        "ERR_PID_FILE",
        `Cannot write pid file ${this.#path}: ${(error as Error).message}`,
        error,
      );
    }
  }

  /** Removes the file unless another master has written its own since. */
  remove(): void {
    try {
      if (readFileSync(this.#path, "utf8").trim() === String(process.pid)) rmSync(this.#path);
    } catch {
      // Another process has removed it, or the folder is gone.
    }
  }
}
