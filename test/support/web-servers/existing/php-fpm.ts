import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BackgroundProcess } from "../background-process.js";

/** PHP-FPM, which runs scripts for a Web server. */
export interface PhpFpm {
  /** The path of its unix socket. */
  readonly socket: string;
  stop(): Promise<unknown>;
}

/** Starts Debian's PHP-FPM in a folder, and waits until it listens. */
export async function startPhpFpm(folder: string): Promise<PhpFpm> {
  mkdirSync(folder, { recursive: true });
  const [socket, file, log] = ["php.sock", "fpm.conf", "fpm.log"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const isRoot = process.getuid?.() === 0;
  writeFileSync(
    file,
    `[global]
error_log = /dev/stderr
daemonize = no
pid = ${folder}/fpm.pid
[www]
${isRoot ? "user = root\ngroup = root\nlisten.mode = 0666" : ""}
listen = ${socket}
pm = static
pm.max_children = 8
`,
  );
  writeFileSync(log, "");
  const fpm = new BackgroundProcess({
    program: "php-fpm8.2",
    args: ["-F", ...(isRoot ? ["-R"] : []), "-y", file],
    cwd: folder,
    log,
  });
  await fpm.line(/ready to handle connections/);
  return { socket, stop: () => fpm.stop() };
}
