// The gate as a program. GATE_LIMIT is how long it may take for a decision, in milliseconds; GATE_GROUP may connect.
import { createApplication, serve } from "tricorn";

import { Behind, Gate } from "../gate.js";

const { GATE_LIMIT: limit, GATE_GROUP: group } = process.env;
await serve(
  createApplication({
    controllers: [Gate, Behind],
    timeouts: { authorizer: limit === undefined ? undefined : Number(limit) },
  }),
  undefined,
  group === undefined ? {} : { socketAccess: { group } },
);
