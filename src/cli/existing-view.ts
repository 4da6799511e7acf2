import { execFile, type ExecFileException } from "node:child_process";
import { readFile } from "node:fs/promises";

import type { ConfigurationView, UnseenReason } from "../config/existing/examiner.js";

/** How long a program may take to show its configuration, in milliseconds. */
const TIME_LIMIT = 15_000;
/** The maximum size of what it shows, and of a file, in bytes. */
const SIZE_LIMIT = 64 * 1024 ** 2;

/** A line of a file. */
const PLACE = /\/[\w./-]+:\d+/;

/** The configuration on this machine, with what was seen of it. */
export class ExistingView implements ConfigurationView {
  /** What was seen. */
  readonly seen: string[] = [];
  /** What the caller could not see, with the reason but nothing of its text, which may have secrets. */
  readonly failed: string[] = [];
  unseenFor: UnseenReason | undefined;

  output(program: string, args: readonly string[]): Promise<string | undefined> {
    const command = [program, ...args].join(" ");
    const path = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
    const options = {
      env: { ...process.env, PATH: path, LC_ALL: "C" },
      timeout: TIME_LIMIT,
      maxBuffer: SIZE_LIMIT,
    };
    return new Promise((resolve) => {
      execFile(program, args, options, (error, output, complaints) => {
        if (error === null) this.seen.push(command);
        else {
          this.failed.push(`${command}: ${failureOf(error, complaints)}`);
          this.unseenFor = reasonOf(error, complaints);
        }
        resolve(error === null ? output : undefined);
      });
    });
  }

  async text(path: string): Promise<string | undefined> {
    try {
      const text = await readFile(path, "utf8");
      this.seen.push(path);
      return text;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.failed.push(`${path}: ${String(code)}`);
      this.unseenFor = code === "ENOENT" ? "no file" : code === "EACCES" ? "not permitted" : "other";
      return undefined;
    }
  }
}

function reasonOf({ code }: ExecFileException, complaints: string): UnseenReason {
  if (code === "ENOENT") return "no program";
  if (/permission denied/i.test(complaints)) return "not permitted";
  if (/no such file|does not exist/i.test(complaints) && !PLACE.test(complaints)) return "no file";
  return typeof code === "number" ? "refused" : "other";
}

/** The exit code, and the place that the program names. */
function failureOf(error: ExecFileException, complaints: string): string {
  const { code } = error;
  if (code === "ENOENT") return "there is no such program";
  const [place] = PLACE.exec(complaints) ?? [];
  const rights = /permission denied/i.test(complaints) ? "; permission denied, run it as root" : "";
  return `it failed with ${code ?? "a time-out"}${place === undefined ? "" : ` at ${place}`}${rights}`;
}
