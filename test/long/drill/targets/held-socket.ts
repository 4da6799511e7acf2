import { join } from "node:path";

import type { Target } from "./target.js";

/** Stands for systemd: holds the socket, and starts the program again when it has ended. SIGHUP restarts it. */
const UNIT = `
trap 'kill $child' HUP
trap 'stopping=1; kill $child' TERM
while [ -z "$stopping" ]; do
  sh -c 'LISTEN_PID=$$ exec "$0" "$@"' "$@" & child=$!
  while kill -0 $child 2>/dev/null; do wait $child; done
done
`;

/** A plain program on the socket of a unit, which outlives it; systemd-socket-activate of Debian 12 opens the socket. */
export const heldSocket: Target = {
  name: "socket unit, stop, then start",
  command: ({ releases, folder, address }) => [
    "systemd-socket-activate",
    `--listen=${address.replace(/^unix:/, "")}`,
    "sh",
    join(folder, "unit.sh"),
    process.execPath,
    releases.main,
  ],
  files: () => ({ "unit.sh": UNIT }),
  stopSignal: "SIGTERM",
  reload: () => ({ kind: "signal", signal: "SIGHUP" }),
  leavesSocket: true,
};
