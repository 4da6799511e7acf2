import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import type { DeploymentInput } from "../../../src/config/deployment.js";
import { lighttpd } from "../../../src/config/lighttpd/lighttpd.js";
import { configuredLighttpd, descriptionOf } from "../../support/web-servers/configured.js";
import { Contract, type Seen } from "../../support/web-servers/contract.js";
import { CANARY, Gate } from "../../support/web-servers/gate.js";
import { program } from "../../support/web-servers/program.js";
import { serveApplication, type ServedApplication } from "../../support/web-servers/served-application.js";
import { WebServer, type WebServerKind } from "../../support/web-servers/web-server.js";

const description = descriptionOf(Gate, Contract);

/** lighttpd in front of everything that Gate and Contract have, and of a canary in a file. */
function guarded(deployment: DeploymentInput, told = description): WebServerKind {
  return configuredLighttpd({
    writer: lighttpd,
    description: told,
    deployment: ({ folder }) => ({ root: `${folder}/www`, ...deployment }),
    files: {
      "www/canary": CANARY,
      "www/folder/index.html": CANARY,
      "www/free.html": "free\n",
    },
  });
}

async function start(kind: WebServerKind): Promise<WebServer> {
  const server = await WebServer.start(kind);
  onTestFinished(() => server.stop());
  return server;
}

async function visit(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const answer = await fetch(url, { headers, redirect: "manual" });
  return { status: answer.status, body: await answer.text() };
}

describe("an authorizer behind lighttpd", () => {
  let gate: ServedApplication;
  let server: WebServer;

  beforeAll(async () => {
    gate = await serveApplication({ controllers: [Gate, Contract], timeouts: { authorizer: 100 } });
    server = await WebServer.start(guarded({ listen: gate.address }));
  });
  afterAll(async () => {
    await server?.stop();
    await gate?.close();
  });

  const url = (path: string): string => `${server.url}${path}`;

  test("its variables reach the responder, and clients cannot set them", async () => {
    const headers = { "Auth-User": "eve", "Remote-User": "eve", Proxy: "eve" };
    const seen = JSON.parse((await visit(url("/seen/it?mode=allow"), headers)).body) as Seen;
    expect(seen.params).toMatchObject({ AUTH_USER: "ada", AUTH_PHASE: "none" });
    const clients = Object.entries(seen.params).filter(([, value]) => value === "eve");
    expect(clients.map(([name]) => name).sort()).toEqual(["HTTP_AUTH_USER", "HTTP_REMOTE_USER"]);
  });

  test("the body of a request reaches the responder", async () => {
    const answer = await fetch(url("/form?mode=allow"), {
      method: "POST",
      body: new URLSearchParams({ name: "Ada" }),
    });
    expect(await answer.json()).toEqual({ name: "Ada" });
  });

  test("without a file, it is asked and then the application", async () => {
    expect((await visit(url("/nowhere?mode=deny"))).status).toBe(403);
    const { status, body } = await visit(url("/nowhere?mode=allow"));
    expect([status, body]).toEqual([404, expect.stringContaining("There is no such resource.")]);
  });

  test.each([
    "/seen/it",
    "/nowhere",
    "/.application",
    "/folder/",
    "/folder/index.html",
    "/canary/",
    "/canary/x",
    "/%63anary",
    "//canary",
    "/./canary",
    "/folder%2F..%2Fcanary",
    "/CANARY",
  ])("%s is denied as well", async (path) => {
    const { status, body } = await visit(`${url(path)}?mode=deny`);
    expect([status, body.includes(CANARY)]).toEqual([403, false]);
  });
});

describe.each([
  ["started by it", "spawn"],
  ["beside CGI programs of it", "cgi"],
] as const)("an authorizer behind lighttpd, %s", (_, responder) => {
  let gate: ServedApplication;
  let server: WebServer;

  beforeAll(async () => {
    gate = await serveApplication({ controllers: [Gate, Contract] });
    const { program: node, args, cwd } = program(responder === "spawn" ? "whole-gate" : "contract");
    const command = [node, ...args];
    server = await WebServer.start(
      guarded({ listen: gate.address, command, directory: cwd, lighttpd: { responder, processes: 2 } }),
    );
  });
  afterAll(async () => {
    await server?.stop();
    await gate?.close();
  });

  test("decides about files", async () => {
    expect(await visit(`${server.url}/canary?mode=allow`)).toEqual({ status: 200, body: CANARY });
    expect(await visit(`${server.url}/canary?mode=deny`)).toEqual({ status: 403, body: "Not for you.\n" });
  });

  test("decides about what the application answers", async () => {
    expect((await visit(`${server.url}/seen/it?mode=deny`)).status).toBe(403);
    const { status, body } = await visit(`${server.url}/seen/it?mode=allow`);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ path: "/seen/it", params: { AUTH_USER: "ada" } });
  });
});

describe.each(["", "/app"])("files that a glob matches by name, behind lighttpd, mount %j", (mount) => {
  const byName = { ...description, authorizers: [{ name: "Gate", paths: ["canary", "/folder/*.html"] }] };
  let none: ServedApplication;
  let server: WebServer;

  beforeAll(async () => {
    // It denies everything.
    none = await serveApplication();
    server = await WebServer.start(guarded({ listen: none.address, mount }, byName));
  });
  afterAll(async () => {
    await server?.stop();
    await none?.close();
  });

  test.each([
    `${mount}/canary`,
    `${mount}/canary/`,
    `${mount}/canary/x`,
    `${mount}/canary/x/y`,
    `${mount}/folder/`,
    `${mount}/folder/index.html`,
    `${mount}/folder/index.html/`,
  ])("%s does not show one", async (path) => {
    expect((await visit(`${server.url}${path}`)).body).not.toContain(CANARY);
  });

  test("other files are served", async () => {
    expect(await visit(`${server.url}${mount}/free.html`)).toEqual({ status: 200, body: "free\n" });
  });

  test.each([
    [`${mount}/canary/x`, /^ *static-file.disable-pathinfo.*$/m, ""],
    [`${mount}/folder/`, /^server.document-root.*$/m, '$&\nindex-file.names = ("index.html")'],
  ])("%s would show it without the rule against that", async (path, line, replacement) => {
    const kind = guarded({ listen: none.address, mount }, byName);
    const careless = await start({
      ...kind,
      files: (place) =>
        Object.fromEntries(
          Object.entries(kind.files(place)).map(([name, text]) => [
            name,
            text.replace(line, replacement).replaceAll(/url\.rewrite-if-not-file = .*/g, ""),
          ]),
        ),
    });
    expect((await visit(`${careless.url}${path}`)).body).toContain(CANARY);
  });
});

test("a path that is protected in the application, but another one in lighttpd, is refused", async () => {
  const gate = await serveApplication({ controllers: [Gate, Contract] });
  onTestFinished(() => gate.close());
  const segments = { ...description, authorizers: [{ name: "Gate", paths: ["/seen/*"], variables: [] }] };
  const server = await start(guarded({ listen: gate.address }, segments));
  expect((await visit(`${server.url}/seen/a?mode=deny`)).body).toBe("Not for you.\n");
  for (const path of ["/seen/a%2Fb", "/seen/a%2fb"]) {
    const { status, body } = await visit(`${server.url}${path}?mode=deny`);
    expect([path, status, body.includes("seen")]).toEqual([path, 400, false]);
  }
});
