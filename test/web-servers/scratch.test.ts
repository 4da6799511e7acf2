import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apache } from "../support/web-servers/apache.js";
import { caddy } from "../support/web-servers/caddy.js";
import { h2o } from "../support/web-servers/h2o.js";
import { haproxy } from "../support/web-servers/haproxy.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { nginx } from "../support/web-servers/nginx.js";
import { jetty } from "../support/web-servers/jetty.js";
import { testResponder } from "../support/web-servers/test-responder.js";
import { serveApplication, type ServedApplication } from "../support/web-servers/served-application.js";
import { WebServer, type WebServerKind } from "../support/web-servers/web-server.js";
import type { ResponderDifferences } from "../support/web-servers/differences.js";

function transport(address: string): string {
  return `reverse_proxy ${address.startsWith("/") ? `unix/${address}` : address} {
  transport fastcgi {
    root /srv
  }
  flush_interval -1
}`;
}
const because = "x";
const list: [string, (a: string) => WebServerKind, "tcp" | "unix", ResponderDifferences, string?][] = [
  ["nginx", (a) => nginx(() => ({ server: `location / { fastcgi_pass unix:${a}; fastcgi_buffering off; }` })), "unix", {}],
  ["apache", (address) => apache(["proxy", "proxy_fcgi"], () => `ProxyPass "/" "fcgi://${address}/" flushpackets=on`), "tcp", {overlooksDepartures: {because}}, "/"],
  ["lighttpd", (address) => lighttpd(() => `
server.stream-response-body = 1
fastcgi.server = ("/" => ((
  "socket" => "${address}",
  "check-local" => "disable",
  "fix-root-scriptname" => "enable",
)))`), "unix", {overlooksDepartures: {because, sometimes: true}}],
  ["caddy", (a) => caddy(() => transport(a)), "unix", {dropsStderr: {because}, overlooksDepartures: {because}, hidesBreaks: {because, log: /aborting with incomplete response.*fcgi: invalid header version/}}],
  ["h2o", (address) => h2o(() => `
      "/":
        fastcgi.connect:
          port: ${address}
          type: unix`), "unix", {overlooksDepartures: {because}, hidesBreaks: {because, log: /in request:.*\/break:/}}],
  ["haproxy", (address) => haproxy({address, options: ["no option keep-conn"]}), "unix", {refusesChunkedUploads: {because, status: 400}}],
  ["jetty", (address) => jetty({address}), "tcp", {dropsStderr: {because}, overlooksDepartures: {because}, respellsContentType: {because}}],
];
describe.each(list)("%s", (_, kind, over, differences, mount) => {
  let application: ServedApplication; let server: WebServer;
  beforeAll(async () => { application = await serveApplication({ over, mount }); server = await WebServer.start(kind(application.address)); });
  afterAll(async () => { await server?.stop(); await application?.close(); });
  testResponder(() => ({ server, stage: application.stage, mount: "" }), differences);
});
