// Each way in which a site that exists can ask authorizers, and have or start the application.
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createApplication, createContainer } from "tricorn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { configure } from "../../../src/config/configure.js";
import type { DeploymentInput } from "../../../src/config/deployment.js";
import { makeCertificate } from "../../support/fixtures/certificate.js";
import { bundledProgram } from "../../support/web-servers/bundled-program.js";
import type { Seen } from "../../support/web-servers/contract.js";
import {
  visitSite,
  writeSiteFiles,
  type ExistingServer,
  type OtherAnswer,
  type OtherRequest,
} from "../../support/web-servers/existing/existing-site.js";
import { folderForTests } from "../../support/web-servers/folder-for-tests.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { Behind, CANARY, MembersGate } from "../../support/web-servers/gate.js";
import { hostileTargets } from "../../support/web-servers/hostile-targets.js";
import { serveApplication, type ServedApplication } from "../../support/web-servers/served-application.js";
import { WebServer } from "../../support/web-servers/web-server.js";
import { apacheSites } from "./apache-sites.js";
import { lighttpdSites } from "./lighttpd-sites.js";

const MOUNT = "/app";

interface Form {
  readonly name: string;
  readonly server: "apache" | "lighttpd";
  readonly sites: ExistingServer;
  readonly deployment: DeploymentInput;
  /** The status of a denial. */
  readonly denied: number;
}

function apacheForm(
  responder: "proxy-pass" | "set-handler" | "fcgid" | "cgi",
  authorizer: NonNullable<DeploymentInput["apache"]>["authorizer"],
  denied = 401,
): Form {
  const name = `Apache with ${responder} and ${authorizer}`;
  return {
    name,
    server: "apache",
    sites: apacheSites,
    denied,
    deployment: { apache: { responder, authorizer } },
  };
}

const forms: readonly Form[] = [
  apacheForm("set-handler", "check-authn", 403),
  apacheForm("proxy-pass", "authn"),
  apacheForm("set-handler", "authnz"),
  apacheForm("proxy-pass", "authz"),
  apacheForm("proxy-pass", "fcgid-authenticator"),
  apacheForm("set-handler", "fcgid-authorizer"),
  apacheForm("fcgid", "fcgid-access-checker"),
  apacheForm("fcgid", "check-authn", 403),
  apacheForm("cgi", "fcgid-access-checker"),
  ...(["spawn", "cgi"] as const).map((responder): Form => ({
    name: `lighttpd with ${responder}`,
    server: "lighttpd",
    sites: lighttpdSites,
    deployment: { lighttpd: { responder } },
    denied: 403,
  })),
];

/** What every client sends: some forms want a password before anybody is asked. */
const CREDENTIALS = { authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };
const PATHS = ["/members/vault", "/members/canary.html"];

describe.each(forms)("sites of $name", ({ server, sites, deployment, denied }) => {
  const folder = folderForTests();
  let application: ServedApplication;
  let web: WebServer;
  let https: number;

  const visit = (request: OtherRequest): Promise<OtherAnswer> =>
    visitSite(
      { ...request, headers: { ...CREDENTIALS, ...request.headers } },
      { http: Number(new URL(web.url).port), https },
    );

  beforeAll(async () => {
    const own = join(folder(), "own");
    const root = join(own, "root");
    mkdirSync(join(root, "members"), { recursive: true });
    chmodSync(own, 0o755);
    writeFileSync(join(root, "members/canary.html"), CANARY);
    writeFileSync(join(root, "style.css"), "a {}\n");
    const passwordFile = join(own, "passwords");
    writeFileSync(passwordFile, `ada:{SHA}${createHash("sha1").update("lovelace").digest("base64")}\n`);
    const controllers = [MembersGate, Behind];
    const { description } = createApplication({ controllers, container: createContainer() });
    application = await serveApplication({ controllers, mount: MOUNT });
    const program = await bundledProgram("gate", { folder: own });
    const configuration = configure(server, {
      description,
      deployment: {
        part: "into",
        mount: MOUNT,
        root,
        state: own,
        listen: application.address,
        command: ["/usr/bin/env", `TRICORN_TEST_MOUNT=${MOUNT}`, process.execPath, program],
        directory: own,
        ...deployment,
        apache: { ...deployment.apache, passwordFile },
      },
    });
    for (const name of configuration.folders) mkdirSync(name, { recursive: true });
    https = await freePort();
    const place = {
      folder: own,
      ...writeSiteFiles(own),
      https,
      php: "/nowhere",
      certificate: makeCertificate(own),
    };
    web = await WebServer.start(
      sites(place, {
        files: Object.fromEntries(configuration.files.map(({ name, text }) => [name, text])),
        additions: configuration.additions ?? [],
        before: configuration.before,
      }),
    );
  });
  afterAll(async () => {
    await web?.stop();
    await application?.close();
  });

  test("have the application and its files at its mount, and keep their own", async () => {
    for (const site of ["www", "shop"] as const) {
      const seen = await visit({ site, target: `${MOUNT}/public/seen/a%20b?c=d` });
      expect(JSON.parse(seen.body) as Seen).toMatchObject({
        mount: MOUNT,
        path: "/public/seen/a%20b",
        query: "c=d",
      });
      expect(await visit({ site, target: `${MOUNT}/style.css` })).toMatchObject({
        status: 200,
        body: "a {}\n",
      });
      expect(await visit({ site, target: `${MOUNT}/nowhere` })).toMatchObject({ status: 404 });
    }
    expect((await visit({ site: "www", target: "/style.css" })).body).toBe("body {}\n");
  });

  test("show what an authorizer allows, and its variables to the application", async () => {
    for (const site of ["www", "shop"] as const) {
      for (const path of PATHS) {
        const { status, body } = await visit({ site, target: `${MOUNT}${path}?mode=allow` });
        expect([site, path, status, body]).toEqual([site, path, 200, CANARY]);
      }
      const seen = await visit({ site, target: `${MOUNT}/members/seen/it?mode=allow` });
      expect((JSON.parse(seen.body) as Seen).params).toMatchObject({ AUTH_USER: "ada" });
    }
  });

  test("send the body of an allowed request", async () => {
    const body = Buffer.alloc(100 * 1024, "x");
    const target = `${MOUNT}/members/digest?mode=allow`;
    const { status } = await visit({ site: "www", target, method: "POST", body });
    expect(status).toBe(200);
  });

  test("show nothing protected otherwise", async () => {
    for (const site of ["www", "shop"] as const) {
      for (const path of PATHS) {
        const { status, body } = await visit({ site, target: `${MOUNT}${path}?mode=deny` });
        expect([site, path, status, body.includes(CANARY)]).toEqual([site, path, denied, false]);
      }
      const reached: string[] = [];
      for (const target of hostileTargets(PATHS.map((path) => MOUNT + path)).slice(0, 150)) {
        const answer = await visit({ site, target }).catch(() => undefined);
        if (answer?.body.includes(CANARY) === true) reached.push(`${site} ${target}`);
      }
      expect(reached).toEqual([]);
    }
  });
});
