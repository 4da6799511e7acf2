// What `--into` writes, in sites that exist: Debian's default site, and one with HTTPS, PHP and other locations.
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ExistingView } from "../../../src/cli/existing-view.js";
import { parseDeployment } from "../../../src/config/deployment.js";
import { examiners } from "../../../src/config/existing/examiners.js";
import { examineExisting } from "../../../src/config/existing/existing.js";
import { makeCertificate } from "../../support/fixtures/certificate.js";
import {
  CANARY,
  MEMBER,
  PROTECTED,
  serveClub,
  type ServedClub,
} from "../../support/web-servers/existing/club.js";
import {
  NOTHING,
  otherAnswers,
  SHOP,
  visitSite,
  writeSiteFiles,
  type Added,
  type ExistingServer,
  type OtherAnswer,
  type SitePlace,
} from "../../support/web-servers/existing/existing-site.js";
import { askHttp2, openHttp2 } from "../../support/web-servers/existing/http-2.js";
import { startPhpFpm, type PhpFpm } from "../../support/web-servers/existing/php-fpm.js";
import { folderForTests } from "../../support/web-servers/folder-for-tests.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { hostileTargets } from "../../support/web-servers/hostile-targets.js";
import { payload, sha256 } from "../../support/web-servers/payload.js";
import { WebServer } from "../../support/web-servers/web-server.js";
import { apacheSites } from "./apache-sites.js";
import { caddySites } from "./caddy-sites.js";
import { h2oSites } from "./h2o-sites.js";
import { haproxySites } from "./haproxy-sites.js";
import { lighttpdSites } from "./lighttpd-sites.js";
import { nginxSites } from "./nginx-sites.js";

const MOUNT = "/app";

interface Door {
  readonly server: string;
  readonly sites: ExistingServer;
  /** Whether it serves the application's files, and asks its authorizers itself. */
  readonly servesFiles: boolean;
  /** The main file below the server's folder, if --existing can look at it. */
  readonly mainFile?: string;
  /** Whether the application is asked about a folder without its slash, instead of a redirect. */
  readonly asksAboutFolders?: true;
  /** How the application listens; on a unix socket by default. */
  readonly over?: "tcp";
}

const doors: readonly Door[] = [
  { server: "nginx", sites: nginxSites, servesFiles: true, mainFile: "etc/nginx.conf" },
  { server: "caddy", sites: caddySites, servesFiles: true, mainFile: "etc/Caddyfile" },
  { server: "haproxy", sites: haproxySites, servesFiles: false, mainFile: "etc/haproxy.cfg" },
  { server: "apache", sites: apacheSites, servesFiles: true, over: "tcp" },
  { server: "h2o", sites: h2oSites, servesFiles: false },
  { server: "lighttpd", sites: lighttpdSites, servesFiles: true, asksAboutFolders: true },
];

describe.each(doors)(
  "sites of $server",
  ({ server, sites, servesFiles, asksAboutFolders, mainFile, over }) => {
    const folder = folderForTests();
    let php: PhpFpm;
    let club: ServedClub;
    let place: SitePlace;
    let before: readonly OtherAnswer[];
    let web: WebServer;
    const ports = (): { http: number; https: number } => ({
      http: Number(new URL(web.url).port),
      https: place.https,
    });

    beforeAll(async () => {
      const own = join(folder(), "own");
      mkdirSync(own);
      chmodSync(own, 0o755);
      php = await startPhpFpm(join(folder(), "php"));
      const certificate = makeCertificate(own);
      club = await serveClub(server, { folder: own, over, deployment: { part: "into", mount: MOUNT } });
      place = {
        folder: own,
        ...writeSiteFiles(own),
        https: await freePort(),
        php: php.socket,
        certificate,
      };
      web = await WebServer.start(sites(place, NOTHING));
      before = await otherAnswers(ports());
      await web.stop();
      const { files, additions = [], before: first } = club.configuration;
      const added: Added = {
        files: Object.fromEntries(files.map(({ name, text }) => [name, text])),
        additions,
        before: first,
      };
      web = await WebServer.start(sites(place, added));
    });
    afterAll(async () => {
      await web?.stop();
      await club?.close();
      await php?.stop();
    });

    test("answer every other URL with the same status, fields and body", async () => {
      // The sites do what they should, or the comparison says nothing.
      const of = (request: string): OtherAnswer => before.find((answer) => answer.request === request)!;
      expect(of("GET www/index.html").body).toContain("It works!");
      expect(of("GET shop/tool.php?a=b%2Fc").body).toMatch(/QUERY_STRING=a=b(?:%2F|\/)c\nHTTPS=on\n/);
      expect(of("GET shop/old/page?x=1").status).toBe(301);
      const after = await otherAnswers(ports());
      for (const [index, answer] of after.entries()) expect(answer).toEqual(before[index]);
    });

    test("have the application at its mount", async () => {
      for (const site of ["www", "shop"] as const) {
        const get = (target: string, headers = {}): Promise<OtherAnswer> =>
          visitSite({ site, target: `${MOUNT}${target}`, headers }, ports());
        expect(await get("/")).toMatchObject({ status: 200, body: "club\n" });
        expect(await get("")).toMatchObject({ status: 200, body: "club\n" });
        expect(JSON.parse((await get("/facts/a%20b?c=d")).body)).toMatchObject({
          mount: MOUNT,
          path: "/facts/a%20b",
          scheme: site === "www" ? "http" : "https",
        });
        expect(await get("/nowhere")).toMatchObject({ status: 404 });
        expect(await get("/shout.md")).toMatchObject({ status: 200, body: "LOUD\n" });
        for (const target of ["/members/card.txt", "/members/page", "/members/shout.md"]) {
          expect([target, (await get(target)).status]).toEqual([target, 403]);
        }
        expect((await get("/members/page", MEMBER)).body).toContain('"user":"ada"');
        if (!servesFiles) continue;
        expect(await get("/style.css")).toMatchObject({ status: 200, body: "a {}\n" });
        expect(await get("/folder/")).toMatchObject({ status: 200, body: "folder\n" });
        const unslashed = await get("/folder");
        if (asksAboutFolders) expect(unslashed.status).toBe(404);
        else expect(unslashed.fields.join()).toMatch(/location: \S*\/app\/folder\//i);
        expect(await get("/members/card.txt", MEMBER)).toMatchObject({ status: 200, body: CANARY });
        expect(await get("/deep/er/it.secret", MEMBER)).toMatchObject({ status: 200, body: CANARY });
        expect(await get("/run.php")).toMatchObject({ status: 200, body: "<?php echo 'source';\n" });
      }
    });

    test("let the application take an upload of 50 MiB, and stream, over HTTP/2", async () => {
      const session = await openHttp2(place.https, SHOP);
      const body = payload(50 * 1024 * 1024);
      const headers = { ":method": "POST", ":authority": SHOP, "content-length": body.length };
      const answer = await askHttp2(session, `${MOUNT}/upload`, { headers, body });
      expect(JSON.parse(answer.body)).toEqual({ bytes: body.length, sha256: sha256(body) });
      const pieces: string[] = [];
      for await (const piece of session.request({ ":path": `${MOUNT}/ticks`, ":authority": SHOP })) {
        pieces.push(String(piece));
        club.stage.tell("go on");
      }
      expect(pieces).toEqual(["first\n", "second\n"]);
    });

    if (mainFile !== undefined) {
      test("are no obstacle to --existing, which sees that they are sites", async () => {
        const { description, root } = club;
        const deployment = parseDeployment({ part: "into", mount: MOUNT, name: "club", root });
        const view = new ExistingView();
        const { findings } = await examineExisting(examiners[server]!, {
          source: { deployment, description },
          view,
          file: join(web.folder, mainFile),
        });
        expect(view.failed).toEqual([]);
        expect(view.seen.length).toBeGreaterThan(0);
        expect(findings.filter(({ weight }) => weight === "stops")).toEqual([]);
        for (const { place } of findings) {
          // A place is a line of a file that is there.
          if (place !== undefined)
            expect(readFileSync(place.file, "utf8").split("\n")[place.line - 1]).not.toBe("");
        }
      });
    }

    test("show no protected path of it to others, over HTTP/1.1", async () => {
      const paths = [...PROTECTED, "/members/card.php"].map((path) => MOUNT + path);
      const reached: string[] = [];
      for (const site of ["www", "shop"] as const) {
        const targets = hostileTargets(paths);
        for (const target of targets) {
          const answer = await visitSite({ site, target }, ports()).catch(() => undefined);
          if (answer?.body.includes(CANARY) === true) reached.push(`${site} ${target}`);
        }
      }
      expect(reached).toEqual([]);
    });

    test("show no protected path of it to others, over HTTP/2", async () => {
      const session = await openHttp2(place.https, SHOP);
      const reached: string[] = [];
      let answered = 0;
      for (const target of hostileTargets(PROTECTED.map((path) => MOUNT + path))) {
        // A connection that the server ends is opened anew.
        const open = session.closed || session.destroyed ? await openHttp2(place.https, SHOP) : session;
        const answer = await askHttp2(open, target, { headers: { ":authority": SHOP } }).catch(
          () => undefined,
        );
        if (answer !== undefined) answered += 1;
        if (answer?.body.includes(CANARY) === true) reached.push(target);
      }
      expect(reached).toEqual([]);
      expect(answered).toBeGreaterThan(100);
      const member = await askHttp2(session, `${MOUNT}/members/page`, {
        headers: { ":authority": SHOP, ...MEMBER },
      });
      expect(member.body).toContain(CANARY);
    });
  },
);
