// The application of the drill in a process. A release sets the variable with its number, then imports this.
import { serve } from "tricorn";

import { controllers } from "../controllers.js";

const { DRILL_ROOT: root, DRILL_SHUTDOWN: shutdown } = process.env;
await serve(controllers, undefined, {
  // nginx and Apache set them from what the authorizer allows.
  vouchesFor: ["AUTH_USER", "REMOTE_USER"],
  bridges: root === undefined ? {} : { filter: { root } },
  timeouts: shutdown === undefined ? {} : { shutdown: Number(shutdown) },
});
