import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { apache } from "../../../src/config/apache/apache.js";
import type { DeploymentInput } from "../../../src/config/deployment.js";
import { putBehind } from "../../support/web-servers/behind.js";
import { configuredApache, descriptionOf } from "../../support/web-servers/configured.js";
import { Contract, type Digest, type Seen } from "../../support/web-servers/contract.js";
import { payload, sha256 } from "../../support/web-servers/payload.js";
import { program } from "../../support/web-servers/program.js";
import { serveApplication } from "../../support/web-servers/served-application.js";
import { WebServer, type WebServerKind } from "../../support/web-servers/web-server.js";

const MEBIBYTE = 1024 * 1024;
const description = descriptionOf(Contract);
const files = { "www/poem.txt": "one\n", "www/a b.txt": "two\n", "www/folder/index.html": "folder\n" };

/** Apache in front of the contract, with files beside it. */
function contractBehind(deployment: DeploymentInput): WebServerKind {
  return configuredApache({
    writer: apache,
    description,
    deployment: ({ folder }) => ({
      root: `${folder}/www`,
      streams: ["/slowly", "/pour", "/break"],
      ...deployment,
    }),
    files,
  });
}

describe.each([
  ["by ProxyPass", { responder: "proxy-pass", over: "tcp", mount: "" }],
  ["by ProxyPass to a unix socket, at /app", { responder: "proxy-pass", over: "unix", mount: "/app" }],
  ["by SetHandler", { responder: "set-handler", over: "tcp", mount: "" }],
  ["by SetHandler to a unix socket, at /app", { responder: "set-handler", over: "unix", mount: "/app" }],
] as const)("the contract behind Apache %s", (_, { responder, over, mount }) => {
  const behind = putBehind(
    (listen) => contractBehind({ listen, mount, apache: { responder } }),
    over === "tcp" ? { address: "127.0.0.1:0" } : {},
  );
  testFiles(() => behind().server, mount);

  test("the path below the mount is what the application sees", async () => {
    const seen = (await (await fetch(`${behind().server.url}${mount}/seen/a%20b?c`)).json()) as Seen;
    expect(seen).toMatchObject({ mount, path: "/seen/a%20b", query: "c" });
  });

  test("connections to the application are kept", async () => {
    const { application, server } = behind();
    const before = application.connections;
    for (let round = 0; round < 30; round++) await (await fetch(`${server.url}${mount}/hello`)).text();
    expect(application.connections - before).toBeLessThan(10);
  });

  test("a body above the limit is refused by Apache", async () => {
    const listen = behind().application.address;
    const server = await start(
      contractBehind({ listen, mount, maxBodyBytes: MEBIBYTE, apache: { responder } }),
    );
    const most = await post(`${server.url}${mount}/digest`, MEBIBYTE);
    expect(await most.json()).toMatchObject({ bytes: MEBIBYTE });
    expect((await post(`${server.url}${mount}/digest`, MEBIBYTE + 1)).status).toBe(413);
  });
});

/** Files beside the application, and paths outside both. */
function testFiles(server: () => WebServer, mount: string): void {
  const visit = async (path: string) => {
    const answer = await fetch(`${server().url}${path}`, { redirect: "manual" });
    return [answer.status, await answer.text()];
  };

  test("files of the root are served, under plain and encoded names", async () => {
    expect(await visit(`${mount}/poem.txt`)).toEqual([200, "one\n"]);
    expect(await visit(`${mount}/a%20b.txt`)).toEqual([200, "two\n"]);
    expect(await visit(`${mount}/folder/`)).toEqual([200, "folder\n"]);
    expect((await visit(`${mount}/folder`))[0]).toBe(301);
  });

  if (mount !== "") {
    test("paths outside the mount reach neither the application nor a file", async () => {
      expect((await visit("/poem.txt"))[0]).toBe(404);
      expect(await visit("/hello")).not.toContain("Hello\n");
      expect((await visit("/hello"))[0]).toBe(404);
      expect((await visit(`${mount}lication/hello`))[0]).toBe(404);
    });
  }
}

describe.each([
  ["mod_fcgid", "fcgid", ""],
  ["mod_fcgid, at /app", "fcgid", "/app"],
  ["mod_cgid", "cgi", ""],
  ["mod_cgid, at /app", "cgi", "/app"],
] as const)("the contract started by %s", (_, responder, mount) => {
  const { program: node, args, cwd } = program("contract");
  const deployment: DeploymentInput = {
    command: [node, ...args],
    directory: cwd,
    mount,
    maxBodyBytes: 20 * MEBIBYTE,
    apache: { responder, processes: 2 },
  };
  let server: WebServer;
  beforeAll(async () => {
    server = await WebServer.start(contractBehind(deployment));
  });
  afterAll(() => server?.stop());

  testFiles(() => server, mount);

  const url = (path: string): string => `${server.url}${mount}${path}`;

  test("GET and HEAD, at its mount", async () => {
    const seen = (await (await fetch(url("/seen/a%20b/%C3%A4?c=d"))).json()) as Seen;
    expect(seen).toMatchObject({ method: "GET", mount, path: "/seen/a%20b/%C3%A4", query: "c=d" });
    const head = await fetch(url("/hello"), { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([
      200,
      "text/plain; charset=utf-8",
      "",
    ]);
  });

  // Apache hands a query without "=" to CGI programs as arguments (RFC 3875, section 4.4).
  test.each(["--version", "-e+process.exit(1)", "--inspect-brk=0", "a+b"])(
    "a query %s is only a query",
    async (query) => {
      const seen = (await (await fetch(url(`/seen/it?${query}`))).json()) as Seen;
      expect(seen).toMatchObject({ path: "/seen/it", query });
    },
  );

  test("bodies up to the limit arrive whole; longer ones are refused, never truncated", async () => {
    const most = (await (await post(url("/digest"), 20 * MEBIBYTE)).json()) as Digest;
    expect(most).toMatchObject({ bytes: 20 * MEBIBYTE, sha256: sha256(payload(20 * MEBIBYTE)) });
    const chunked = await fetch(url("/digest"), {
      method: "POST",
      body: new Blob([payload(MEBIBYTE)]).stream(),
      duplex: "half",
    });
    expect(await chunked.json()).toMatchObject({ bytes: MEBIBYTE });
    const more = await post(url("/digest"), 20 * MEBIBYTE + 1);
    // mod_fcgid 2.3.9 has no better word for it.
    expect(more.status).toBe(responder === "fcgid" ? 500 : 413);
  });

  test("a failure is a 500, and its reason is in Apache's error log", async () => {
    expect((await fetch(url("/fail"))).status).toBe(500);
  });

  test("a stream arrives as it is produced, and simultaneous requests are all answered", async () => {
    const first = await fetch(url("/pour"));
    const reader = first.body!.getReader();
    expect((await reader.read()).value!.length).toBeGreaterThan(0);
    await reader.cancel();
    const answers = await Promise.all(
      Array.from({ length: responder === "cgi" ? 5 : 20 }, () => fetch(url("/hello"))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

async function post(url: string, bytes: number): Promise<Response> {
  return fetch(url, { method: "POST", body: payload(bytes) });
}

async function start(kind: WebServerKind): Promise<WebServer> {
  const server = await WebServer.start(kind);
  onTestFinished(() => server.stop());
  return server;
}

test("an unreachable application is a 503", async () => {
  const application = await serveApplication();
  await application.close();
  const server = await start(contractBehind({ listen: application.address }));
  expect((await fetch(`${server.url}/hello`)).status).toBe(503);
});

test.each(["", "/app"])("files for a filter are never served unfiltered, mount %j", async (mount) => {
  const application = await serveApplication({ mount: mount || "/" });
  onTestFinished(() => application.close());
  const filter = ["*.txt", "index.html"];
  const server = await start(contractBehind({ listen: application.address, mount, filter }));
  for (const path of ["/poem.txt", "/a%20b.txt", "/folder/", "/folder/index.html"]) {
    const answer = await fetch(`${server.url}${path}`, { redirect: "manual" });
    const body = await answer.text();
    expect([path, answer.status < 400, /^(?:one|two|folder)\n/.test(body)]).toEqual([path, false, false]);
    // The application answers for those below its mount; it has no filter here.
    if (mount === "" && path.endsWith(".txt")) expect(JSON.parse(body)).toMatchObject({ status: 404 });
  }
});
