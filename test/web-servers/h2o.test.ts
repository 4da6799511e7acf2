import { describe } from "vitest";

import { putBehind } from "../support/web-servers/behind.js";
import { testEssentials, type Differences } from "../support/web-servers/essentials.js";
import { h2o } from "../support/web-servers/h2o.js";

/** H2O 2.2.5. */
const differences: Differences = { overlooksDepartures: true, hidesBreaks: /in request:.*\/break:/ };

describe("the contract behind H2O on a unix socket", () => {
  const behind = putBehind((address) =>
    h2o(
      () => `
      "/":
        fastcgi.connect:
          port: ${address}
          type: unix`,
    ),
  );
  testEssentials(() => ({ ...behind(), mount: "" }), differences);
});

describe("the contract behind H2O on TCP, kept, at /app", () => {
  const behind = putBehind(
    (address) =>
      h2o(
        () => `
      "/app":
        fastcgi.connect:
          host: 127.0.0.1
          port: ${address.split(":")[1]}
          type: tcp
        fastcgi.timeout.keepalive: 5000`,
      ),
    { over: "tcp", mount: "/app" }, // H2O does not tell where
  );
  testEssentials(() => ({ ...behind(), mount: "/app" }), differences);
});
