import { describe } from "vitest";

import { putBehind } from "../support/web-servers/behind.js";
import { caddy } from "../support/web-servers/caddy.js";
import { testEssentials, type Differences } from "../support/web-servers/essentials.js";

/** Caddy 2.6.2. */
const differences: Differences = {
  dropsStderr: true,
  overlooksDepartures: true,
  hidesBreaks: /aborting with incomplete response.*fcgi: invalid header version/,
};

/** A FastCGI transport; an address that begins with "/" is a unix socket. */
function transport(address: string): string {
  return `reverse_proxy ${address.startsWith("/") ? `unix/${address}` : address} {
  transport fastcgi {
    root /srv
  }
  flush_interval -1
}`;
}

describe("the contract behind Caddy on a unix socket", () => {
  const behind = putBehind((address) => caddy(() => transport(address)));
  testEssentials(() => ({ ...behind(), mount: "" }), differences);
});

describe("the contract behind Caddy on TCP, at /app", () => {
  const behind = putBehind((address) => caddy(() => `handle_path /app/* {\n${transport(address)}\n}`), {
    over: "tcp",
  });
  testEssentials(() => ({ ...behind(), mount: "/app" }), differences);
});
