import { describe, expect, test } from "vitest";

import { putBehind } from "../support/web-servers/behind.js";
import { testEssentials, type Differences } from "../support/web-servers/essentials.js";
import { haproxy } from "../support/web-servers/haproxy.js";

/** HAProxy 2.6.12. */
const differences: Differences = { refusesChunkedUploads: true };

describe.each([
  ["with connections of one request", { over: "unix", mount: "", options: ["no option keep-conn"] }],
  ["with kept connections", { over: "tcp", mount: "/app", options: ["option keep-conn"] }],
  [
    "with multiplexed connections",
    { over: "tcp", mount: "", options: ["option get-values", "option mpxs-conns", "option max-reqs 50"] },
  ],
] as const)("the contract behind HAProxy %s", (_, { over, mount, options }) => {
  const behind = putBehind((address) => haproxy({ address, options }), { over });
  testEssentials(() => ({ ...behind(), mount }), differences);

  test("the FastCGI connections are those that were asked for", async () => {
    const before = behind().application.connections;
    const url = `${behind().server.url}${mount}/hello`;
    for (let index = 0; index < 20; index++) expect(await (await fetch(url)).text()).toBe("Hello\n");
    const connections = behind().application.connections - before;
    if (options[0] === "no option keep-conn") expect(connections).toBe(20);
    // It may give up some that have waited since the tests before.
    else expect(connections).toBeLessThanOrEqual(3);
  });
});
