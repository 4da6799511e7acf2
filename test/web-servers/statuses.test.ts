// node:http lets an application answer with any status of three digits. Which of them reach the client.
import { createApplication, createContainer, serve } from "tricorn";
import { nodeListener } from "tricorn/adapters";
import { expect, onTestFinished, test } from "vitest";

import { apache } from "../support/web-servers/apache.js";
import { caddy } from "../support/web-servers/caddy.js";
import { h2o } from "../support/web-servers/h2o.js";
import { haproxy } from "../support/web-servers/haproxy.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { nginx } from "../support/web-servers/nginx.js";
import { WebServer, type WebServerKind } from "../support/web-servers/web-server.js";

const host = (address: string): string => address.split(":")[0]!;
const port = (address: string): string => address.split(":")[1]!;

const servers: Readonly<Record<string, (address: string) => WebServerKind>> = {
  nginx: (address) => nginx(() => ({ server: `location / { fastcgi_pass ${address}; }` })),
  Apache: (address) => apache(["proxy", "proxy_fcgi"], () => `ProxyPass "/" "fcgi://${address}/"`),
  lighttpd: (address) =>
    lighttpd(
      () => `fastcgi.server = ("/" => ((
  "host" => "${host(address)}", "port" => ${port(address)}, "check-local" => "disable"
)))`,
    ),
  Caddy: (address) =>
    caddy(
      () => `
  reverse_proxy ${address} {
    transport fastcgi
  }`,
    ),
  HAProxy: (address) => haproxy({ address, options: [] }),
  H2O: (address) =>
    h2o(
      () => `
      "/":
        fastcgi.connect:
          host: ${host(address)}
          port: ${port(address)}
          type: tcp`,
    ),
};

/** The servers that hand the reason phrase on. */
const withReason = new Set(["nginx", "Apache", "HAProxy", "H2O"]);

test.each(Object.entries(servers))(
  "an adapted application answers statuses up to 999 through %s",
  async (name, kind) => {
    const listener = nodeListener((request, response) =>
      response.writeHead(Number(request.url!.slice(1)), "Own Reason").end("body"),
    );
    const parts = { controllers: [], definitions: [listener], container: createContainer() };
    const served = await serve(createApplication(parts), "127.0.0.1:0", { signals: false });
    onTestFinished(() => served.close());
    const server = await WebServer.start(kind(served.address));
    onTestFinished(() => server.stop());
    for (const status of [299, 599, 600, 700, 999]) {
      const response = await fetch(`${server.url}/${status}`);
      expect([response.status, await response.text()]).toEqual([status, "body"]);
      expect(response.statusText === "Own Reason").toBe(withReason.has(name));
    }
  },
);
