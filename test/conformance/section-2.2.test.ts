import { expect, test } from "vitest";

import { NodeProcess } from "../support/node-process.js";
import { expectHello, shop, socketPath } from "../serve/support.js";

test("Section 2.2: an application that starts with descriptors 1 and 2 closed still serves", async () => {
  const path = socketPath();
  const closed = ["/bin/sh", "-c", 'echo listening; exec "$0" "$@" >&- 2>&-'];
  const process = new NodeProcess(["spawn-fcgi", "-n", "-s", path, "--", ...closed, ...shop()]);
  await process.line(/^listening$/);
  await expectHello(`unix:${path}`);
  await expectHello(`unix:${path}`);
  process.kill("SIGTERM");
  expect(await process.ended).toBe(0);
});
