// The gate in front of everything, with the contract behind it, as a program. GATE_LIMIT is how long it may take for a
// decision, in milliseconds.
import { createApplication, serve } from "tricorn";

import { Contract } from "../contract.js";
import { Gate } from "../gate.js";

const limit = process.env["GATE_LIMIT"];
await serve(
  createApplication({
    controllers: [Gate, Contract],
    timeouts: { authorizer: limit === undefined ? undefined : Number(limit) },
  }),
);
