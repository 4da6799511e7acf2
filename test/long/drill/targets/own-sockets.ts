import { join } from "node:path";

import type { Target, TargetPlace } from "./target.js";

/** Starts the program once for each socket, and ends all at SIGTERM. */
const SCRIPT = `
trap 'kill $children' TERM
children=
for socket; do TRICORN_LISTEN="unix:$socket" "$NODE" "$MAIN" & children="$children $!"; done
while kill -0 $children 2>/dev/null; do wait; done
`;

/** Plain programs, each with a socket of its own, as instances of a template unit; the Web server divides the requests. */
export const ownSockets: Target = {
  name: "a socket for each process",
  command: (place) => ["sh", join(place.folder, "all.sh"), ...sockets(place)],
  env: ({ releases }) => ({ NODE: process.execPath, MAIN: releases.main }),
  files: () => ({ "all.sh": SCRIPT }),
  addresses: (place) => sockets(place).map((socket) => `unix:${socket}`),
  stopSignal: "SIGTERM",
  reload: () => ({ kind: "restart" }),
};

function sockets({ run, workers }: TargetPlace): readonly string[] {
  return Array.from({ length: workers }, (_, index) => join(run, `app-${index + 1}.sock`));
}
