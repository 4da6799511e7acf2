// Each Web server here protects /books itself, and sends a decoded PATH_INFO. A path that the server read as another
// one must not be /books to the application.
import { Get, Responder } from "tricorn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { http } from "../gateway/support/http.js";
import { caddy } from "../support/web-servers/caddy.js";
import { CANARY } from "../support/web-servers/gate.js";
import { GatewayServer } from "../support/web-servers/gateway-server.js";
import { haproxy } from "../support/web-servers/haproxy.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { nginx } from "../support/web-servers/nginx.js";
import { serveApplication } from "../support/web-servers/served-application.js";
import { WebServer, type RunningServer, type WebServerKind } from "../support/web-servers/web-server.js";

@Responder()
class Books {
  @Get("/books/1")
  book() {
    return CANARY;
  }

  @Get("/open")
  open() {
    return "open";
  }
}

const TARGETS = [
  "/x/%252e%252e/books/1",
  "/x/%252E%252E/books/1",
  "/x/.%252e/books/1",
  "/x/%252e/%252e%252e/books/1",
  "/%252e/books/1",
  "/x/%25252e%25252e/books/1",
  "/x%252f..%252f/books/1",
  "/%252F/%2F/books/1",
];

const servers: Readonly<Record<string, (address: string) => WebServerKind>> = {
  nginx: (address) =>
    nginx(() => ({
      server: `
    location /books { return 403; }
    location / { fastcgi_pass ${address}; fastcgi_param SCRIPT_NAME ""; fastcgi_param PATH_INFO $document_uri; }`,
    })),
  lighttpd: (address) =>
    lighttpd(
      () => `
# The order of modules is that in which they are asked.
server.modules := ("mod_access", "mod_fastcgi")
$HTTP["url"] =~ "^/books" { url.access-deny = ("") }
fastcgi.server = ("/" => ((
  "host" => "${address.split(":")[0]}", "port" => ${address.split(":")[1]},
  "check-local" => "disable", "fix-root-scriptname" => "enable",
)))`,
    ),
  Caddy: (address) =>
    caddy(
      () => `
  @books path_regexp ^/+books
  respond @books 403
  reverse_proxy ${address} {
    transport fastcgi
  }`,
    ),
  HAProxy: (address) => {
    const kind = haproxy({ address, options: [] });
    return {
      ...kind,
      files: (place) =>
        Object.fromEntries(
          Object.entries(kind.files(place)).map(([name, text]) => [
            name,
            text
              .replace("default_backend", "http-request deny if { path_beg /books }\n  default_backend")
              .replace("path-info ^(/app)(/.*)$", "path-info ^()(/.*)$"),
          ]),
        ),
    };
  },
};

const starts: Readonly<Record<string, (address: string) => Promise<RunningServer>>> = {
  ...Object.fromEntries(
    Object.entries(servers).map(([name, kind]) => [
      name,
      (address: string) => WebServer.start(kind(address)),
    ]),
  ),
  // No authorizer of the application covers /books, so that the gateway's question is denied.
  "the gateway": (application) =>
    GatewayServer.start({
      application,
      root: import.meta.dirname,
      routes: { protect: ["/books/**"], filter: [], respond: ["/"] },
    }),
};

describe.each(Object.entries(starts))("%s", (_name, start) => {
  let server: RunningServer;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const application = await serveApplication({ controllers: [Books] });
    close = () => application.close();
    server = await start(application.address);
  });
  afterAll(async () => {
    await server?.stop();
    await close?.();
  });

  test("forwards unprotected paths, and no protected ones", async () => {
    expect(await http(server.url, "/open")).toMatchObject({ status: 200, body: "open" });
    expect(await http(server.url, "/books/1")).toMatchObject({ status: 403 });
  });

  test.each(TARGETS)("reads %s as another path, like the application", async (target) => {
    expect((await http(server.url, target)).body).not.toContain(CANARY);
  });
});
