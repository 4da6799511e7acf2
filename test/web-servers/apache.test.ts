import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { apache } from "../support/web-servers/apache.js";
import { putBehind } from "../support/web-servers/behind.js";
import type { Digest, Seen } from "../support/web-servers/contract.js";
import { testEssentials } from "../support/web-servers/essentials.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import { programScript } from "../support/web-servers/program.js";
import { WebServer, type Place, type WebServerKind } from "../support/web-servers/web-server.js";

const PROXY = ["proxy", "proxy_fcgi"];

/** Each request has a connection of its own. */
function proxyPass(address: string): WebServerKind {
  return apache(PROXY, () => `ProxyPass "/" "fcgi://${address}/" flushpackets=on`);
}

/** Connections are kept. Where the application is mounted is not told. */
function keptProxyPass(address: string): WebServerKind {
  return apache(PROXY, () => `ProxyPass "/app/" "fcgi://${address}/" enablereuse=on flushpackets=on`);
}

function setHandler(socket: string): WebServerKind {
  return apache(
    PROXY,
    () => `
<Location "/">
  SetHandler "proxy:unix:${socket}|fcgi://application/"
</Location>
<Proxy "fcgi://application/" flushpackets=on>
</Proxy>`,
  );
}

describe.each([
  ["by ProxyPass", { kind: proxyPass, over: "tcp", mount: "" }],
  ["by ProxyPass to kept connections, at /app", { kind: keptProxyPass, over: "tcp", mount: "/app" }],
  ["by SetHandler to a unix socket", { kind: setHandler, over: "unix", mount: "" }],
] as const)("the contract behind mod_proxy_fcgi %s", (_, { kind, over, mount }) => {
  // Left to itself Apache with SetHandler takes the first segment for the mount.
  const behind = putBehind(kind, { over, mount: mount || "/" });
  testEssentials(() => ({ ...behind(), mount }), { overlooksDepartures: true });
});

/** Serves the contract program below /app in the way that `rest` says. */
function withScript(modules: readonly string[], rest: (place: Place) => string): WebServerKind {
  const kind = apache(["alias", ...modules], rest);
  const contract = programScript("contract", { TRICORN_LOG_LEVEL: "info" });
  return { ...kind, files: (place) => ({ ...kind.files(place), "programs/contract": contract }) };
}

const started = [
  {
    name: "mod_fcgid",
    fd0: true,
    kind: withScript(
      ["fcgid"],
      ({ folder }) => `
FcgidIPCDir ${folder}
FcgidProcessTableFile ${folder}/fcgid_shm
FcgidMaxRequestLen 33554432
FcgidMaxProcesses 2
ScriptAlias /app ${folder}/programs/contract
<Directory ${folder}/programs>
  SetHandler fcgid-script
  Options +ExecCGI
</Directory>`,
    ),
  },
  {
    name: "mod_cgid, as a CGI program",
    fd0: false,
    kind: withScript(
      ["cgid"],
      ({ folder }) => `
ScriptSock ${folder}/cgid.sock
ScriptAlias /app ${folder}/programs/contract
<Directory ${folder}/programs>
  SetHandler cgi-script
  Options +ExecCGI
</Directory>`,
    ),
  },
];

describe.each(started)("a responder that is started by $name", ({ kind, fd0 }) => {
  let server: WebServer;

  beforeAll(async () => {
    server = await WebServer.start(kind);
  });
  afterAll(() => server?.stop());

  const visit = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${server.url}/app${path}`, init);

  test("GET and HEAD, at its mount", async () => {
    const seen = (await (await visit("/seen/a%20b/%C3%A4?c=d")).json()) as Seen;
    expect(seen).toMatchObject({ method: "GET", mount: "/app", path: "/seen/a%20b/%C3%A4", query: "c=d" });
    const head = await visit("/hello", { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([
      200,
      "text/plain; charset=utf-8",
      "",
    ]);
  });

  test("a form, 1 MiB with and without a length, and back", async () => {
    const form = await visit("/form", { method: "POST", body: new URLSearchParams({ name: "Ada & Ćo" }) });
    expect(await form.json()).toEqual({ name: "Ada & Ćo" });
    const body = payload(1024 * 1024);
    const digest = (await (await visit("/digest", { method: "POST", body })).json()) as Digest;
    expect(digest).toEqual({ bytes: body.length, sha256: sha256(body), announced: String(body.length) });
    const chunked = await visit("/digest", {
      method: "POST",
      body: new Blob([body]).stream(),
      duplex: "half",
    });
    expect(await chunked.json()).toMatchObject({ sha256: sha256(body) });
    const echo = await visit("/echo", { method: "POST", body });
    expect(sha256(Buffer.from(await echo.arrayBuffer()))).toBe(sha256(body));
  });

  test("a body that nobody reads does not cost the answer", async () => {
    const answer = await visit("/refused", { method: "POST", body: payload(1024 * 1024) });
    expect([answer.status, ((await answer.json()) as { status: number }).status]).toEqual([403, 403]);
  });

  test("statuses, cookies, and 2 MiB down", async () => {
    expect((await visit("/nothing")).status).toBe(204);
    expect((await visit("/cached", { headers: { "If-None-Match": '"first"' } })).status).toBe(304);
    expect((await visit("/cookies")).headers.getSetCookie()).toHaveLength(2);
    const download = Buffer.from(await (await visit(`/download?bytes=${2 * 1024 * 1024}`)).arrayBuffer());
    expect(sha256(download)).toBe(sha256(payload(2 * 1024 * 1024)));
  });

  test("a failure is a 500, and its reason is in the error log of Apache", async () => {
    const answer = await visit("/fail");
    expect([answer.status, await answer.text()]).toEqual([500, "Internal Server Error\n"]);
    await server.errorLine(/tricorn: GET \/fail failed: Error: The stage is on fire/);
  });

  if (fd0) {
    test("it finds its socket on descriptor 0", async () => {
      await server.errorLine(/Listening on fd:0 for FastCGI/);
    });
  }
});
