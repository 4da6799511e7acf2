import { userInfo } from "node:os";

import type { Place, WebServerKind } from "./web-server.js";

/** H2O with the paths of one host. */
export function h2o(paths: (place: Place) => string): WebServerKind {
  return {
    program: "h2o",
    args: () => ["-c", "h2o.conf"],
    // SIGTERM would wait for idle connections.
    stopSignal: "SIGINT",
    files: (place) => ({
      "h2o.conf": `
${process.getuid?.() === 0 ? `user: ${userInfo().username}` : ""}
num-threads: 1
temp-buffer-path: ${place.folder}
limit-request-body: 67108864
listen:
  host: 127.0.0.1
  port: ${place.port}
hosts:
  default:
    paths:
${paths(place)}
`,
    }),
  };
}
