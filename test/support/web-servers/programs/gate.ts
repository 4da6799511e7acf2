// The gate as a program, which finds out itself how it was started. GATE_SERVING is what `serve` is told; TRICORN_TEST_MOUNT
// is where it is mounted; who it is to be is written at its post, where a Web server starts it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createApplication, serve, type ServeOptions } from "tricorn";

import { Behind, MembersGate } from "../gate.js";
import { GATE_POST, ORDERS, PIDS, decisionLimits, type Guard } from "../guard.js";

const { GATE_SERVING: serving = "{}", TRICORN_TEST_MOUNT: mount, [GATE_POST]: post } = process.env;
const guard = post === undefined ? "process" : (readFileSync(join(post, ORDERS), "utf8") as Guard);
if (guard === "gone") process.exit(1);
if (post !== undefined) writeFileSync(join(post, PIDS, String(process.pid)), "");

const application = createApplication({
  controllers: guard === "none" ? [Behind] : [MembersGate, Behind],
  timeouts: { authorizer: decisionLimits[guard] },
  mount,
});
await serve(application, undefined, {
  // What it decides about for ever is denied as soon as it is asked to end.
  timeouts: { shutdown: 0 },
  ...(JSON.parse(serving) as ServeOptions),
  // A Web server sends it one request at a time, and that is already too much.
  ...(guard === "busy" && { limits: { requests: 0 } }),
});
