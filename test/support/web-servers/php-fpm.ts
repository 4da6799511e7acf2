import { existsSync, watch, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";

import { BackgroundProcess } from "./background-process.js";

/** Starts Debian's PHP-FPM with a fixed number of processes. Resolves when it takes connections. */
export async function startPhpFpm(socket: string, processes: number): Promise<BackgroundProcess> {
  const isRoot = process.getuid?.() === 0;
  const file = `${socket}.conf`;
  writeFileSync(
    file,
    `[global]
error_log = ${socket}.errors
daemonize = no
[www]
${isRoot ? "user = root\ngroup = root\n" : ""}listen = ${socket}
pm = static
pm.max_children = ${processes}
`,
  );
  return startListening(socket, ["php-fpm8.2", "-F", ...(isRoot ? ["-R"] : []), "-y", file]);
}

/** Starts a program, and waits until it takes connections on a socket. */
export async function startListening(
  socket: string,
  command: readonly [string, ...string[]],
): Promise<BackgroundProcess> {
  const [program, ...args] = command;
  const folder = dirname(socket);
  const started = new BackgroundProcess({ program, args, cwd: folder, log: `${socket}.log` });
  const watcher = watch(folder);
  try {
    while (!existsSync(socket)) await new Promise((resolve) => watcher.once("change", resolve));
  } finally {
    watcher.close();
  }
  while (!(await listens(socket)));
  return started;
}

/** Whether a program takes connections: its socket has a name before it listens. */
function listens(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => resolve(false));
  });
}
