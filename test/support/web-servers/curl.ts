import { execFile } from "node:child_process";

import { programPath } from "./background-process.js";

/** What curl ended with, and what it printed. */
export interface CurlResult {
  /** 0 where all is well; 18: the answer was cut short; 28: it took too long. */
  readonly code: number;
  readonly output: string;
}

/** Runs curl; the status of the answer is printed behind the body with `-w "%{http_code}"`. */
export function curl(...args: readonly string[]): Promise<CurlResult> {
  return new Promise((resolve) => {
    execFile(
      programPath("curl"),
      ["--silent", "--show-error", "--max-time", "20", ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, output) => resolve({ code: error === null ? 0 : Number(error.code), output }),
    );
  });
}
