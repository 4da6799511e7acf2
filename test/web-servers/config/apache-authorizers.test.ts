import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { apache } from "../../../src/config/apache/apache.js";
import type { DeploymentInput } from "../../../src/config/deployment.js";
import { Contract, type Seen } from "../../support/web-servers/contract.js";
import { CANARY, Gate } from "../../support/web-servers/gate.js";
import { descriptionOf, configuredApache } from "../../support/web-servers/configured.js";
import { program } from "../../support/web-servers/program.js";
import { serveApplication, type ServedApplication } from "../../support/web-servers/served-application.js";
import { WebServer, type Place, type WebServerKind } from "../../support/web-servers/web-server.js";

type Authorizer = NonNullable<NonNullable<DeploymentInput["apache"]>["authorizer"]>;

interface Form {
  readonly authorizer: Authorizer;
  /** What the application sees as FCGI_APACHE_ROLE. */
  readonly phase: string;
  readonly denied: number;
  /** The user according to Apache, behind it. */
  readonly user: string | undefined;
}

const BASIC = { denied: 401, user: "ada" };

const forms: readonly Form[] = [
  { authorizer: "check-authn", phase: "AUTHENTICATOR", denied: 403, user: "ada" },
  { ...BASIC, authorizer: "authn", phase: "AUTHENTICATOR" },
  { ...BASIC, authorizer: "authz", phase: "AUTHORIZER" },
  { ...BASIC, authorizer: "authnz", phase: "none" },
  { ...BASIC, authorizer: "fcgid-authenticator", phase: "AUTHENTICATOR" },
  { ...BASIC, authorizer: "fcgid-authorizer", phase: "AUTHORIZER" },
  { ...BASIC, authorizer: "fcgid-access-checker", phase: "ACCESS_CHECKER", user: undefined },
];

const headers = { Authorization: basic("lovelace") };

function basic(password: string): string {
  return `Basic ${Buffer.from(`ada:${password}`).toString("base64")}`;
}

const description = {
  ...descriptionOf(Gate, Contract),
  authorizers: [{ name: "Gate", paths: [], variables: ["AUTH_USER"] }],
};

interface Told {
  readonly authorizer: Authorizer;
  /** The application's address. */
  readonly listen: string;
  /** What mod_fcgid starts. */
  readonly command: readonly string[];
  readonly apache?: DeploymentInput["apache"];
}

/** Apache in front of everything that Gate and Contract have, and of a canary in a file. */
function guarded({ authorizer, listen, command, apache: more }: Told): WebServerKind {
  const digest = createHash("sha1").update("lovelace").digest("base64");
  return configuredApache({
    writer: apache,
    description,
    deployment: ({ folder }: Place) => ({
      listen,
      command: [...command],
      directory: program("whole-gate").cwd,
      root: `${folder}/www`,
      apache: { authorizer, passwordFile: `${folder}/passwords`, userVariable: "AUTH_USER", ...more },
    }),
    files: {
      "www/canary": CANARY,
      "www/folder/index.html": CANARY,
      passwords: `ada:{SHA}${digest}\n`,
    },
  });
}

function commandOf(limit: number): string[] {
  const { program: node, args } = program("whole-gate");
  return ["/usr/bin/env", `GATE_LIMIT=${limit}`, node, ...args];
}

describe.each(forms)("an authorizer behind Apache as $authorizer", (form) => {
  let gate: ServedApplication;
  let started: WebServer;

  beforeAll(async () => {
    gate = await serveApplication({ controllers: [Gate, Contract], timeouts: { authorizer: 100 } });
    const { authorizer } = form;
    started = await WebServer.start(guarded({ authorizer, listen: gate.address, command: commandOf(100) }));
  });
  afterAll(async () => {
    await started?.stop();
    await gate?.close();
  });

  const server = (): WebServer => started;

  test("its variables, and the user, reach the responder, and clients cannot set them", async () => {
    const spoofed = {
      ...headers,
      AUTH_USER: "eve",
      "Auth-User": "eve",
      REMOTE_USER: "eve",
      "Remote-User": "eve",
      Proxy: "eve",
    };
    const answer = await fetch(`${server().url}/seen/it?mode=allow`, { headers: spoofed });
    const { params } = (await answer.json()) as Seen;
    expect(params).toMatchObject({ AUTH_USER: "ada", AUTH_PHASE: form.phase });
    expect(params["REMOTE_USER"]).toBe(form.user);
    const clients = Object.entries(params).filter(([, value]) => value === "eve");
    // With "_" in their names Apache itself leaves them out.
    expect(clients.map(([name]) => name).sort()).toEqual(["HTTP_AUTH_USER", "HTTP_REMOTE_USER"]);
  });

  test("its named variables are not shown to the client", async () => {
    const { status, headers: shown } = await fetch(`${server().url}/canary?mode=allow`, { headers });
    expect([status, shown.get("variable-auth_user")]).toEqual([200, null]);
  });

  test.each([
    "/seen/it",
    "/nowhere",
    "/folder/",
    "/folder/index.html",
    "/%63anary",
    "//canary",
    "/./canary",
    "/CANARY",
  ])("%s is denied as well", async (path) => {
    const { status, body } = await visit(`${server().url}${path}?mode=deny`, headers);
    expect([status, body.includes(CANARY)]).toEqual([form.denied, false]);
  });

  test("the index of a folder is served if the authorizer allows it", async () => {
    const { status, body } = await visit(`${server().url}/folder/?mode=allow`, headers);
    expect([status, body]).toEqual([200, CANARY]);
  });

  if (form.authorizer !== "check-authn" && form.authorizer !== "fcgid-access-checker") {
    test("without a password Apache requests one", async () => {
      const answer = await fetch(`${server().url}/canary?mode=allow`);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="Members"']);
      expect(await answer.text()).not.toContain(CANARY);
    });
  }

  if (form.authorizer === "authz" || form.authorizer === "fcgid-authorizer") {
    test("a wrong password is rejected by Apache", async () => {
      const wrong = { Authorization: basic("wrong") };
      const { status, body } = await visit(`${server().url}/canary?mode=allow`, wrong);
      expect([status, body.includes(CANARY)]).toEqual([401, false]);
    });
  }
});

async function visit(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const answer = await fetch(url, { headers, redirect: "manual" });
  return { status: answer.status, body: await answer.text() };
}

/** Starts a server for one test. */
async function start(kind: WebServerKind): Promise<WebServer> {
  const server = await WebServer.start(kind);
  onTestFinished(() => server.stop());
  return server;
}

test.each(["check-authn", "fcgid-authorizer"] as const)(
  "%s is not asked if Require needs no user, so no configuration has that",
  async (authorizer) => {
    const none = await serveApplication();
    onTestFinished(() => none.close());
    const kind = guarded({ authorizer, listen: none.address, command: commandOf(100) });
    const open = (text: string): string => text.replace("Require valid-user", "Require all granted");
    const server = await start({
      ...kind,
      files: (place) =>
        Object.fromEntries(Object.entries(kind.files(place)).map(([name, text]) => [name, open(text)])),
    });
    expect(await visit(`${server.url}/canary`)).toEqual({ status: 200, body: CANARY });
  },
);

describe("a responder and an authorizer started by mod_fcgid", () => {
  const kind = guarded({
    authorizer: "fcgid-access-checker",
    listen: "127.0.0.1:9000",
    command: commandOf(100),
    apache: { responder: "fcgid", processes: 2 },
  });

  test("are one program, and the variables are passed on", async () => {
    const server = await start(kind);
    const { body } = await visit(`${server.url}/seen/it?mode=allow`);
    expect(JSON.parse(body)).toMatchObject({ path: "/seen/it", params: { AUTH_USER: "ada" } });
    expect((await visit(`${server.url}/seen/it?mode=deny`)).status).toBe(401);
  });

  /** How often the authorizer is asked for one request, by what mod_fcgid logs of each denial. */
  async function questions(server: WebServer): Promise<number> {
    await visit(`${server.url}/seen/it?mode=deny`);
    return server.errorLog.match(/Access check to access \/seen\/it failed/g)!.length;
  }

  test("the authorizer is asked once per request", async () => {
    expect(await questions(await start(kind))).toBe(1);
  });

  test("it would be asked many times if Apache looked up a PATH_INFO", async () => {
    const cut = (text: string): string =>
      text.replace(/^ScriptAliasMatch "\^\(\?:\/\|\$\)" "(.*)"$/m, 'ScriptAliasMatch "^(.*)$" "$1$$1"');
    const careless = await start({
      ...kind,
      files: (place) =>
        Object.fromEntries(Object.entries(kind.files(place)).map(([name, text]) => [name, cut(text)])),
    });
    expect(await questions(careless)).toBeGreaterThan(5);
  });
});

test("a path that is protected in the application, but another one in Apache, is refused", async () => {
  const gate = await serveApplication({ controllers: [Gate, Contract] });
  onTestFinished(() => gate.close());
  const server = await start(
    configuredApache({
      writer: apache,
      description: {
        ...description,
        authorizers: [{ name: "Gate", paths: ["/seen/*"], variables: ["AUTH_USER"] }],
      },
      deployment: () => ({ listen: gate.address, apache: { userVariable: "AUTH_USER" } }),
    }),
  );
  expect((await visit(`${server.url}/seen/a?mode=deny`)).status).toBe(403);
  expect((await visit(`${server.url}/seen/a?mode=allow`)).status).toBe(200);
  for (const path of ["/seen/a%2Fb", "/seen/a%2fb"]) {
    expect((await visit(`${server.url}${path}?mode=deny`)).status).toBe(404);
  }
});
