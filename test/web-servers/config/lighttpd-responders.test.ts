import { chmodSync } from "node:fs";

import { Get, Path, Responder, sendfile } from "tricorn";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { lighttpd } from "../../../src/config/lighttpd/lighttpd.js";
import type { DeploymentInput } from "../../../src/config/deployment.js";
import { folderWith } from "../../support/folders.js";
import { putBehind } from "../../support/web-servers/behind.js";
import { configuredLighttpd, descriptionOf } from "../../support/web-servers/configured.js";
import { Contract, type Digest, type Seen } from "../../support/web-servers/contract.js";
import { payload, sha256 } from "../../support/web-servers/payload.js";
import { program } from "../../support/web-servers/program.js";
import { serveApplication } from "../../support/web-servers/served-application.js";
import { WebServer, type WebServerKind } from "../../support/web-servers/web-server.js";

const MEBIBYTE = 1024 * 1024;
const description = descriptionOf(Contract);
const files = { "www/poem.txt": "one\n", "www/a b.txt": "two\n", "www/folder/index.html": "folder\n" };

/** lighttpd in front of the contract, with files beside it. */
function contractBehind(deployment: DeploymentInput): WebServerKind {
  return configuredLighttpd({
    writer: lighttpd,
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
  ["over TCP", { over: "tcp", mount: "" }],
  ["over a unix socket, at /app", { over: "unix", mount: "/app" }],
] as const)("the contract behind lighttpd %s", (_, { over, mount }) => {
  const behind = putBehind((listen) => contractBehind({ listen, mount }), {
    ...(over === "tcp" && { address: "127.0.0.1:0" }),
    mount,
  });
  testFiles(() => behind().server, mount);

  test("a body above the limit is refused by lighttpd", async () => {
    const listen = behind().application.address;
    const server = await start(contractBehind({ listen, mount, maxBodyBytes: MEBIBYTE }));
    expect(await (await post(`${server.url}${mount}/digest`, MEBIBYTE)).json()).toMatchObject({
      bytes: MEBIBYTE,
    });
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
  });

  test.each(["/poem.txt/", "/poem.txt/x"])("%s is not the file in front of it", async (path) => {
    expect((await visit(`${mount}${path}`))[1]).not.toContain("one\n");
  });

  if (mount !== "") {
    test("paths outside the mount reach neither the application nor a file", async () => {
      expect((await visit("/poem.txt"))[0]).toBe(404);
      expect((await visit("/hello"))[0]).toBe(404);
      expect((await visit(`${mount}lication/hello`))[0]).toBe(404);
    });
  }
}

describe.each([
  ["by bin-path", "spawn", ""],
  ["by bin-path, at /app", "spawn", "/app"],
  ["as a CGI program", "cgi", ""],
  ["as a CGI program, at /app", "cgi", "/app"],
] as const)("the contract started by lighttpd %s", (_, responder, mount) => {
  const { program: node, args, cwd } = program("contract");
  let server: WebServer;
  beforeAll(async () => {
    const deployment = {
      command: [node, ...args],
      directory: cwd,
      mount,
      lighttpd: { responder, processes: 2 },
    };
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

  test.each(["--version", "-e+process.exit(1)", "a+b"])("a query %s is only a query", async (query) => {
    const seen = (await (await fetch(url(`/seen/it?${query}`))).json()) as Seen;
    expect(seen).toMatchObject({ path: "/seen/it", query });
  });

  test("20 MiB arrive whole, with and without a length", async () => {
    const most = (await (await post(url("/digest"), 20 * MEBIBYTE)).json()) as Digest;
    expect(most).toMatchObject({ bytes: 20 * MEBIBYTE, sha256: sha256(payload(20 * MEBIBYTE)) });
    const body = new Blob([payload(MEBIBYTE)]).stream();
    const chunked = await fetch(url("/digest"), { method: "POST", body, duplex: "half" });
    expect(await chunked.json()).toMatchObject({ bytes: MEBIBYTE });
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

  test("a missing file is the application's 404", async () => {
    const missing = await fetch(url("/nowhere"));
    expect([missing.status, await missing.json()]).toMatchObject([404, { status: 404 }]);
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

test("Files that the application names are sent from the deployment's folder, and from no other", async () => {
  const folder = folderWith({ "files/100%41.txt": "the file", "secret.txt": "SECRET" });
  chmodSync(folder, 0o755);
  const inside = sendfile({ via: "X-Sendfile", root: `${folder}/files` });
  // As an application would that has named too large a root.
  const outside = sendfile({ via: "X-Sendfile", root: folder });
  @Responder()
  class Chosen {
    @Get("/inside/*")
    inside(@Path("*") name: string) {
      return inside(name);
    }
    @Get("/outside/*")
    outside(@Path("*") name: string) {
      return outside(name);
    }
  }
  const application = await serveApplication({ controllers: [Chosen] });
  onTestFinished(() => application.close());
  const server = await start(
    contractBehind({ listen: application.address, lighttpd: { sendfile: `${folder}/files` } }),
  );
  const visit = async (path: string): Promise<[number, string]> => {
    const answer = await fetch(`${server.url}${path}`);
    return [answer.status, await answer.text()];
  };
  expect(await visit("/inside/100%2541.txt")).toEqual([200, "the file"]);
  expect((await visit("/inside/..%252fsecret.txt"))[0]).toBe(404);
  const [status, text] = await visit("/outside/secret.txt");
  expect(status).toBe(403);
  expect(text).not.toContain("SECRET");
});
