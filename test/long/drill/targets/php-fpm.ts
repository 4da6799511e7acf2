import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Target, TargetPlace } from "./target.js";

/** The same answers as the application's, without authorizer and filter. */
const SCRIPT = `<?php
$release = trim(file_get_contents(__DIR__ . "/current/release.txt"));
$id = $_GET["id"];
$head = "release=$release pid=" . getmypid() . " id=$id\\n";
$path = parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH);
if ($path === "/upload") {
  $hash = hash_init("sha256");
  $body = fopen("php://input", "r");
  while (!feof($body)) hash_update($hash, fread($body, 65536));
  exit($head . "sha256=" . hash_final($hash) . "\\n");
}
if ($path === "/slow") usleep($_GET["ms"] * 1000);
echo $head;
if ($path === "/stream") {
  for ($line = 1; $line < $_GET["lines"]; $line++) {
    flush();
    usleep($_GET["ms"] * 1000);
    echo "line $line $id\\n";
  }
  echo "end $id\\n";
}
`;

/** Processes for each worker that Tricorn has: one serves one request, or waits for one on a kept connection. */
const CHILDREN = 20;

/**
 * PHP-FPM of Debian 12.
 *
 * @param controlTimeout `process_control_timeout`: for how long a reload waits for active requests; 0 by default
 */
export function phpFpm(controlTimeout: "0" | "10s"): Target {
  return {
    name: `PHP-FPM, process_control_timeout=${controlTimeout}`,
    command: fpmCommand,
    files: (place) => ({ "index.php": SCRIPT, "fpm.conf": configuration(place, controlTimeout) }),
    params: ({ folder }) => ({ SCRIPT_FILENAME: join(folder, "index.php") }),
    stopSignal: "SIGQUIT",
    reload: () => ({ kind: "signal", signal: "SIGUSR2" }),
    alone: {
      processes: () => 1,
      command: (place) => {
        writeFileSync(join(place.folder, "fpm.conf"), configuration(place, controlTimeout));
        return fpmCommand(place);
      },
      isReady: /ready to handle connections/,
    },
  };
}

function fpmCommand({ folder }: TargetPlace): [string, ...string[]] {
  const asRoot = process.getuid?.() === 0 ? ["-R"] : [];
  return ["php-fpm8.2", "-F", ...asRoot, "-y", join(folder, "fpm.conf")];
}

function configuration({ address, workers, folder }: TargetPlace, controlTimeout: string): string {
  return `[global]
error_log = /dev/stderr
daemonize = no
pid = ${folder}/fpm.pid
process_control_timeout = ${controlTimeout}
[www]
${process.getuid?.() === 0 ? "user = root\ngroup = root" : ""}
listen = ${address.replace(/^unix:/, "")}
pm = static
pm.max_children = ${workers * CHILDREN}
`;
}
