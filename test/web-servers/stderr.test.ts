// Lines for FCGI_STDERR behind real Web servers: each arrives in the error log, and no answer is affected.
import {
  Authorizer,
  Get,
  Req,
  Responder,
  allow,
  deny,
  type AuthorizerRequest,
  type ResponderRequest,
  type StderrLines,
} from "tricorn";
import { describe, expect, onTestFinished, test } from "vitest";

import { apache } from "../support/web-servers/apache.js";
import { h2o } from "../support/web-servers/h2o.js";
import { haproxy } from "../support/web-servers/haproxy.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { nginx } from "../support/web-servers/nginx.js";
import { serveApplication } from "../support/web-servers/served-application.js";
import { WebServer, type WebServerKind } from "../support/web-servers/web-server.js";

@Responder()
class Talkative {
  @Get("/whole")
  whole(@Req() { log, headers }: ResponderRequest) {
    for (const word of ["one", "two", "three"]) log.warn(`whole ${word}`);
    log.warn(`forged\nline of ${headers.get("x-secret")}`);
    return "whole";
  }

  @Get("/stream")
  async *stream(@Req() { log }: ResponderRequest) {
    for (const word of ["one", "two", "three"]) log.warn(`stream ${word}`);
    yield "first ";
    log.warn("stream between");
    await new Promise((resolve) => setImmediate(resolve));
    yield "last";
    log.warn("stream behind");
  }
}

@Authorizer("/in/**", "/out/**")
class Gate {
  authorize({ log, path }: AuthorizerRequest) {
    log.warn(`asked about ${path}`);
    return path.startsWith("/in/") ? allow() : deny(403);
  }
}

async function start(kind: (address: string) => WebServerKind, stderr: StderrLines): Promise<WebServer> {
  const application = await serveApplication({ controllers: [Talkative, Gate], stderr });
  onTestFinished(() => application.close());
  const server = await WebServer.start(kind(application.address));
  onTestFinished(() => server.stop());
  return server;
}

const [host, port] = [
  (address: string) => address.split(":")[0]!,
  (address: string) => address.split(":")[1]!,
];

const servers: Readonly<Record<string, (address: string) => WebServerKind>> = {
  nginx: (address) => nginx(() => ({ server: `location / { fastcgi_pass ${address}; }` })),
  Apache: (address) => apache(["proxy", "proxy_fcgi"], () => `ProxyPass "/" "fcgi://${address}/"`),
  lighttpd: (address) =>
    lighttpd(
      () => `fastcgi.server = ("/" => ((
  "host" => "${host(address)}", "port" => ${port(address)}, "check-local" => "disable"
)))`,
    ),
  // Version 2.6.12 dies of STDERR in front of the header block on such connections.
  HAProxy: (address) => haproxy({ address, options: ["no option keep-conn"] }),
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

describe.each(Object.entries(servers))("%s", (_name, kind) => {
  test("logs each warning of a request, and forwards the whole answer", async () => {
    const server = await start(kind, "warnings");
    for (let time = 0; time < 10; time++) {
      const whole = await fetch(`${server.url}/whole`, { headers: { "X-Secret": "yes" } });
      expect([whole.status, await whole.text()]).toEqual([200, "whole"]);
      const stream = await fetch(`${server.url}/stream`);
      expect([stream.status, await stream.text()]).toEqual([200, "first last"]);
    }
    for (const line of [
      "whole: warn: whole one",
      "whole: warn: whole two",
      "whole: warn: whole three",
      "whole: warn: forged line of yes",
      "stream: warn: stream one",
      "stream: warn: stream three",
      "stream: warn: stream between",
      "stream: warn: stream behind",
    ]) {
      await server.errorLine(new RegExp(`(?:[^]*tricorn: GET /${line}){10}`));
      expect(server.errorLog.match(new RegExp(`tricorn: GET /${line}\\b`, "g"))).toHaveLength(10);
    }
  });

  test("receives nothing if switched off", async () => {
    const server = await start(kind, "off");
    for (const path of ["/whole", "/stream", "/whole"]) await (await fetch(`${server.url}${path}`)).text();
    expect(server.errorLog).not.toContain("tricorn: ");
  });
});

describe("an authorizer that logs", () => {
  const headers = { Authorization: `Basic ${btoa("ada:lovelace")}` };
  const files = { "www/in/card": "card\n", "www/out/card": "card\n" };
  const asking: Readonly<Record<string, (address: string) => WebServerKind>> = {
    lighttpd: (address) =>
      lighttpd(({ folder }) => {
        const door = (path: string): string =>
          `"${path}" => (("host" => "${host(address)}", "port" => ${port(address)}, "mode" => "authorizer", ` +
          `"docroot" => "${folder}/www", "check-local" => "disable"))`;
        return `fastcgi.server = (${door("/in/")}, ${door("/out/")})`;
      }),
    "Apache with mod_authnz_fcgi": (address) =>
      apache(
        ["authn_core", "authz_user", "auth_basic", "authnz_fcgi"],
        () => `
AuthnzFcgiDefineProvider authn Gate fcgi://${address}/
<LocationMatch "^/(in|out)/">
  AuthType Basic
  AuthName "gate"
  AuthnzFcgiCheckAuthnProvider Gate Authoritative On RequireBasicAuth On
  Require valid-user
</LocationMatch>`,
      ),
  };

  test.each(Object.entries(asking))(
    "decides the same behind %s, which logs its warnings",
    async (_name, kind) => {
      const server = await start((address) => {
        const plain = kind(address);
        return { ...plain, files: (place) => ({ ...plain.files(place), ...files }) };
      }, "warnings");
      for (let time = 0; time < 5; time++) {
        const inside = await fetch(`${server.url}/in/card`, { headers });
        expect([inside.status, await inside.text()]).toEqual([200, "card\n"]);
        const outside = await fetch(`${server.url}/out/card`, { headers });
        expect([outside.status, (await outside.text()).includes("card")]).toEqual([403, false]);
      }
      for (const path of ["/in/card", "/out/card"]) {
        await server.errorLine(new RegExp(`(?:[^]*tricorn: Gate: warn: asked about ${path}){5}`));
      }
    },
  );
});
