// A whole server with a certificate: HTTPS with HTTP/2, and a redirect from HTTP.
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http2";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { configure } from "../../../src/config/configure.js";
import { http } from "../../gateway/support/http.js";
import { makeCertificate } from "../../support/fixtures/certificate.js";
import {
  CANARY,
  MEMBER,
  PROTECTED,
  serveClub,
  type ServedClub,
} from "../../support/web-servers/existing/club.js";
import { SHOP } from "../../support/web-servers/existing/existing-site.js";
import { askHttp2, openHttp2 } from "../../support/web-servers/existing/http-2.js";
import { folderForTests } from "../../support/web-servers/folder-for-tests.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { generated } from "../../support/web-servers/generated.js";
import { hostileTargets } from "../../support/web-servers/hostile-targets.js";
import { payload, sha256 } from "../../support/web-servers/payload.js";
import { WebServer, type Place, type WebServerKind } from "../../support/web-servers/web-server.js";

const MEBIBYTE = 1024 ** 2;

const servers = [
  { server: "nginx" },
  { server: "caddy" },
  { server: "haproxy" },
  { server: "apache", over: "tcp" },
  { server: "lighttpd" },
  { server: "h2o" },
] as const satisfies readonly { server: string; over?: "tcp" }[];

describe.each(servers)("$server with a certificate", ({ server, ...more }) => {
  const { over }: { readonly over?: "tcp" } = more;
  const folder = folderForTests();
  let club: ServedClub;
  let web: WebServer;
  let https: number;
  const authority = (): string => `${SHOP}:${https}`;

  beforeAll(async () => {
    const own = join(folder(), "own");
    mkdirSync(own);
    const { cert, key } = makeCertificate(own);
    https = await freePort();
    club = await serveClub(server, { folder: own, over, deployment: {} });
    const { address, description, root } = club;
    const kind = ({ port }: Pick<Place, "port">): WebServerKind =>
      generated({
        server,
        address,
        description,
        root,
        deployment: {
          name: "club",
          serverName: SHOP,
          port: https,
          tls: { certificate: cert, key, redirectFrom: port },
        },
      });
    // The tests choose the port for HTTP when they start a server.
    web = await WebServer.start({
      ...kind({ port: 1 }),
      args: (place) => kind(place).args(place),
      check: (place) => kind(place).check!(place),
      files: (place) => kind(place).files(place),
      folders: (place) => kind(place).folders!(place),
    });
  });
  afterAll(async () => {
    await web?.stop();
    await club?.close();
  });

  test("redirects HTTP to HTTPS, with the same path and query", async () => {
    const { status, headers } = await http(web.url, "/facts/a%20b?c=%2F", {
      method: "POST",
      headers: { host: `${SHOP}:${new URL(web.url).port}` },
    });
    expect([status, headers["location"]]).toEqual([308, `https://${authority()}/facts/a%20b?c=%2F`]);
  });

  test("gives the application the scheme and the URL, over HTTP/2", async () => {
    const session = await openHttp2(https, SHOP);
    expect(session.alpnProtocol).toBe("h2");
    const { status, headers, body } = await askHttp2(session, "/facts/it?a=b", {
      headers: { ":authority": authority() },
    });
    expect([status, headers["strict-transport-security"]]).toEqual([200, undefined]);
    expect(JSON.parse(body)).toMatchObject({
      scheme: "https",
      url: `https://${authority()}/facts/it?a=b`,
      https: "on",
    });
  });

  test("takes an upload of 50 MiB over HTTP/2", async () => {
    const session = await openHttp2(https, SHOP);
    const body = payload(50 * MEBIBYTE);
    const answer = await askHttp2(session, "/upload", {
      headers: { ":method": "POST", ":authority": authority(), "content-length": body.length },
      body,
    });
    expect(JSON.parse(answer.body)).toEqual({ bytes: body.length, sha256: sha256(body) });
  });

  test("streams over HTTP/2 as the application produces", async () => {
    const session = await openHttp2(https, SHOP);
    const stream = session.request({ ":path": "/ticks", ":authority": authority() });
    const pieces: string[] = [];
    for await (const piece of stream) {
      pieces.push(String(piece));
      club.stage.tell("go on");
    }
    expect(pieces).toEqual(["first\n", "second\n"]);
  });

  test("ends what it asked for when a stream is cancelled, and answers other streams", async () => {
    const session = await openHttp2(https, SHOP);
    const stopped = club.stage.when("stopped");
    const stream = session.request({ ":path": "/pour", ":authority": authority() });
    stream.on("error", () => {});
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect(headers[":status"]).toBe(200);
    await once(stream, "data");
    stream.close(8); // CANCEL
    await stopped;
    expect((await askHttp2(session, "/", { headers: { ":authority": authority() } })).body).toBe("club\n");
  });

  test("shows nothing protected over HTTP/2 without the authorizer", async () => {
    const reached: string[] = [];
    let answered = 0;
    let session = await openHttp2(https, SHOP);
    for (const target of hostileTargets(PROTECTED)) {
      // A connection that the server ends is opened anew.
      if (session.closed || session.destroyed) session = await openHttp2(https, SHOP);
      const answer = await askHttp2(session, target, { headers: { ":authority": authority() } }).catch(
        () => undefined,
      );
      if (answer !== undefined) answered += 1;
      if (answer?.body.includes(CANARY) === true) reached.push(target);
    }
    expect(reached).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    const member = await askHttp2(session, "/members/page", {
      headers: { ":authority": authority(), ...MEMBER },
    });
    expect(member.body).toContain(CANARY);
  });

  test("has a line for HSTS as a comment, and by default the ports 443 and 80", () => {
    const deployment = { serverName: SHOP, tls: { certificate: "/c.pem", key: "/k.pem" } };
    const { files } = configure(server, { deployment, description: club.description });
    const { text } = files[0]!;
    expect(text).toMatch(/^\s*# .*Strict-Transport-Security.*max-age=31536000/m);
    expect(text).not.toMatch(/^\s*[^#\s].*Strict-Transport-Security/m);
    expect(text).toMatch(/\b443\b/);
    expect(text).toMatch(/\b80\b/);
    expect(text).not.toMatch(/https:\/\/[^\s]*:443[^{]*(?:request_uri|\{uri\}|capture)/);
  });
});
