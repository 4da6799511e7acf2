// The gate as a program. GATE_LIMIT is how long it may take for a decision, in milliseconds.
import { createApplication, serve } from "tricorn";

import { Gate } from "../gate.js";

const limit = process.env["GATE_LIMIT"];
await serve(
  createApplication({
    controllers: [Gate],
    timeouts: { authorizer: limit === undefined ? undefined : Number(limit) },
  }),
);
