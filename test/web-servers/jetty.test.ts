import { describe } from "vitest";

import { putBehind } from "../support/web-servers/behind.js";
import { testEssentials, type Differences } from "../support/web-servers/essentials.js";
import { jetty } from "../support/web-servers/jetty.js";

/** Jetty 9.4.57: what comes on FCGI_STDERR is in its debug log alone. */
const differences: Differences = {
  dropsStderr: true,
  overlooksDepartures: true,
  respellsContentType: true,
};

describe("the contract behind Jetty", () => {
  const behind = putBehind((address) => jetty({ address }), { over: "tcp" });
  testEssentials(() => ({ ...behind(), mount: "" }), differences);
});

describe("the contract behind Jetty, at /app", () => {
  const behind = putBehind((address) => jetty({ address, parameters: { scriptPattern: "(/app)(/.*)" } }), {
    over: "tcp",
  });
  testEssentials(() => ({ ...behind(), mount: "/app" }), differences);
});
