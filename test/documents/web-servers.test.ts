import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import {
  Authorizer,
  Body,
  Filter,
  Get,
  Post,
  Query,
  Req,
  Responder,
  Variable,
  allow,
  challenge,
  deny,
  redirect,
  reply,
  sendfile,
  type AuthorizerRequest,
  type FilterRequest,
  type ResponderRequest,
} from "tricorn";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { Server } from "../../src/server/server.js";
import { formatMetrics } from "../../src/supervisor/metrics.js";
import { Observations } from "../../src/supervisor/observations.js";
import { StatusApplication } from "../../src/supervisor/status-application.js";
import { http } from "../gateway/support/http.js";
import { NodeProcess } from "../support/node-process.js";
import { Type, record } from "../support/records.js";
import { capturedLog, temporaryFolder } from "../support/served.js";
import { freePort } from "../support/web-servers/free-port.js";
import type { WebServer } from "../support/web-servers/web-server.js";
import { blockNamed, blocksOf, documents } from "./blocks.js";
import { exampleScript, serveBoth, startWith, type Behind, type RunOptions } from "./web-servers.js";

const send = sendfile({ via: "X-Accel-Redirect", root: "/protected" });

@Responder()
class Probe {
  @Get("/seen/*")
  seen(@Req() { mount, path }: ResponderRequest, @Variable("AUTH_USER") user: string | undefined) {
    return { mount, path, user: user ?? null };
  }

  @Post("/length")
  async length(@Body.stream() body: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    for await (const piece of body) bytes += piece.length;
    return { bytes };
  }

  @Get("/ticks")
  async *ticks() {
    yield "first\n";
    await wait(1000);
    yield "second\n";
  }

  @Get("/large")
  large() {
    return reply("large", { headers: { "X-Large": "x".repeat(7000) } });
  }

  @Get("/broken")
  async *broken(): AsyncGenerator<string> {
    yield "first\n";
    await wait(50);
    throw new Error("too late");
  }

  @Get("/broken-length")
  brokenLength() {
    return reply(this.broken(), { headers: { "Content-Length": 100 } });
  }

  @Get("/file")
  file(@Query("name") name: string | undefined) {
    return send(name ?? "report.txt");
  }

  /** A file of the folder "files" beside the document root, which the Web server sends. */
  @Get("/chosen")
  chosen(
    @Variable("DOCUMENT_ROOT") documentRoot: string | undefined,
    @Query("name") name: string | undefined,
    @Query("via") via: string | undefined,
  ) {
    const root = join(documentRoot!, "../files");
    const kind = via === "X-LIGHTTPD-send-file" ? via : "X-Sendfile";
    return sendfile({ via: kind, root, decoded: via !== "raw" })(name!);
  }

  @Get("/failing")
  failing(): string {
    throw new Error("inside");
  }
}

/** As the documents show them: by token, or by the password that Apache asked for. */
@Authorizer("/members/**", "/staff/**")
class Gate {
  authorize({ params }: AuthorizerRequest) {
    const bearer = params.get("HTTP_AUTHORIZATION") === "Bearer s3cret";
    const basic = params.get("REMOTE_USER") === "ada" && params.get("REMOTE_PASSWD") === "lovelace";
    return bearer || basic ? allow({ AUTH_USER: "ada" }) : challenge("Bearer", { realm: "members" });
  }
}

/** As in docs/filter-a-folder.md, without the library that converts it to HTML. */
@Filter("*.md", { type: "text/html; charset=utf-8" })
class MarkdownPages {
  async filter({ data }: FilterRequest) {
    return (await text(data)).replace(/^# (.+)\n/, "<h1>$1</h1>");
  }
}

const pages = {
  "pages/index.md": "# Notes\n",
  "pages/hats/index.md": "# Hats\n",
  "pages/hats/tricorn.md": "# The tricorn\n",
  "pages/picture.svg": "<svg></svg>",
  "pages/.secret.md": "SECRET",
  "pages/.secret": "SECRET",
};

/** As docs/nginx-auth-request.md shows it. */
@Authorizer({ paths: "/members/**", variables: ["AUTH_USER"] })
class MembersGate {
  authorize({ cookies }: AuthorizerRequest) {
    const session = cookies["session"];
    if (session === "0ther") return deny(403);
    if (session === "g0ne") return deny(404);
    if (session === "br0ken") throw new Error("no sessions");
    if (session === "basic") return challenge("Basic", { realm: "members" });
    return session === "s3cret" ? allow({ AUTH_USER: "ada" }) : redirect("/log-in");
  }
}

@Responder()
class Pages {
  @Get("/members/hello")
  hello(@Req() { user }: ResponderRequest) {
    return `Hello ${user}\n`;
  }

  @Get("/members")
  root() {
    return "The members' page\n";
  }

  @Post("/members/length")
  length(@Body.bytes({ limit: 8 * 1024 * 1024 }) body: Buffer) {
    return { bytes: body.length };
  }
}

let behind: Behind;
let mounted: Behind;
/** Without an authorizer, so that the Web server may send the mount. */
let told: Behind;
let filtered: Behind;
let pagesFolder: string;
beforeAll(async () => {
  behind = await serveBoth([Probe, Gate]);
  mounted = await serveBoth([Probe, Gate], { mount: "/app" });
  told = await serveBoth([Probe]);
  pagesFolder = mkdtempSync(join(tmpdir(), "tricorn-pages-"));
  for (const [name, content] of Object.entries(pages)) {
    mkdirSync(dirname(join(pagesFolder, name)), { recursive: true });
    writeFileSync(join(pagesFolder, name), content);
  }
  const root = join(pagesFolder, "pages");
  const filter = { root, index: "index.md", cache: { bytes: 1_000_000 } };
  filtered = await serveBoth([MarkdownPages], { bridges: { filter } });
});
afterAll(async () => {
  await behind.close();
  await mounted.close();
  await told.close();
  await filtered.close();
  rmSync(pagesFolder, { recursive: true, force: true });
});

/** The configurations that were run, by document and first line. */
const started = new Set<string>();

async function start(document: string, firstLine: string, options: RunOptions = {}): Promise<WebServer> {
  started.add(`${document} ${firstLine}`);
  const server = await startWith(document, firstLine, options);
  onTestFinished(() => server.stop());
  return server;
}

const seen = { mount: "", path: "/seen/a%20b", user: null };

test("docs/getting-started.md: nginx in front of an application", async () => {
  const { url } = await start("docs/getting-started.md", "server {", { behind });
  expect(await (await fetch(`${url}/seen/a%20b`)).json()).toEqual(seen);
});

/** Names that a Web server could confuse; each file contains its name. */
const oddNames = [
  "plain.txt",
  "100%41.txt",
  "100A.txt",
  "%2e%2e",
  "a b ",
  "a;b",
  "a?b#c",
  "a+b&c",
  "a\\b",
  "..hidden",
  ".dot",
  "z\u00fcrich.txt",
  "in/a%2Fb",
];
const outside = { "secret/index.txt": "SECRET", "secret.txt": "SECRET" };
const oddFiles = {
  ...outside,
  ...Object.fromEntries(oddNames.map((name) => [`files/${name}`, name])),
  ...Object.fromEntries(oddNames.map((name) => [`protected/${name}`, name])),
};
const waysOut = [
  "../secret.txt",
  "..%2fsecret.txt",
  "%2e%2e/secret.txt",
  "%2e%2e%2fsecret.txt",
  "in/..%2f..%2fsecret.txt",
  "..%252fsecret.txt",
  "..\\secret.txt",
  "..;/secret.txt",
];

describe("docs/responders.md", () => {
  async function chosen(url: string, query: Record<string, string>): Promise<string | number> {
    const answer = await fetch(`${url}/chosen?${new URLSearchParams(query).toString()}`);
    const text = await answer.text();
    return answer.status === 200 ? text : answer.status;
  }

  test.each(["X-Sendfile", "X-LIGHTTPD-send-file"])(
    "lighttpd sends the intended file, by %s",
    async (via) => {
      const { url } = await start("docs/responders.md", "# x-sendfile", { behind, files: oddFiles });
      for (const name of oddNames) expect(await chosen(url, { name, via }), name).toBe(name);
      for (const name of waysOut) expect(await chosen(url, { name, via }), name).not.toBe("SECRET");
    },
  );

  test("mod_xsendfile 0.12 sends the intended file, and no other", async () => {
    const { url } = await start("docs/responders.md", "# mod_xsendfile", { behind, files: oddFiles });
    for (const name of oddNames.filter((name) => !name.endsWith(" ")))
      expect(await chosen(url, { name, via: "raw" }), name).toBe(name);
    for (const name of oddNames.filter((name) => !/%| $/.test(name)))
      expect(await chosen(url, { name, via: "X-Sendfile" }), name).toBe(name);
    for (const name of ["100%41.txt", "a b "])
      expect(await chosen(url, { name, via: "X-Sendfile" })).toBe(404);
    for (const via of ["raw", "X-Sendfile"])
      for (const name of waysOut) expect(await chosen(url, { name, via }), name).not.toBe("SECRET");
  });
});

/** An application that dies after the first bytes of its answer. */
async function serveKilled(stdout: string): Promise<Behind> {
  const listening = [0, join(temporaryFolder(), "app.sock")].map(async (address) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(record(Type.stdout, 1, stdout)));
    }).listen(address === 0 ? { port: 0, host: "127.0.0.1" } : { path: address as string });
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return server.address();
  });
  const [tcp, unix] = (await Promise.all(listening)) as [AddressInfo, string];
  return { tcp: `127.0.0.1:${tcp.port}`, unix, close: async () => {} };
}

describe("docs/behind-nginx.md", () => {
  const nginx = (name: string, options?: RunOptions): Promise<WebServer> =>
    start("docs/behind-nginx.md", `# ${name}`, { behind, ...options });

  /** The server with kept connections, and the lines of a block without a server. */
  const withLines = (name: string, options?: RunOptions): Promise<WebServer> => {
    const lines = blockNamed("docs/behind-nginx.md", `# ${name}`).text;
    started.add(`docs/behind-nginx.md # ${name}`);
    return nginx("kept connections", { before: `${lines}\n`, ...options });
  };

  test("unix socket", async () => {
    const { url } = await nginx("unix socket");
    expect(await (await fetch(`${url}/seen/a%20b`)).json()).toEqual(seen);
  });

  test("kept connections", async () => {
    const { url } = await nginx("kept connections");
    for (let time = 0; time < 3; time++) {
      expect(await (await fetch(`${url}/seen/a%20b`)).json()).toEqual(seen);
    }
  });

  test("files first", async () => {
    const { url } = await nginx("files first", { files: { "www/poem.txt": "one\n" } });
    expect(await (await fetch(`${url}/poem.txt`)).text()).toBe("one\n");
    expect(await (await fetch(`${url}/seen/a%20b`)).json()).toEqual(seen);
  });

  test("under a prefix", async () => {
    for (const one of [behind, told, mounted]) {
      const { url } = await nginx("under a prefix", { behind: one });
      expect(await (await fetch(`${url}/app/seen/a%20b`)).json()).toEqual({ ...seen, mount: "/app" });
    }
  });

  test("uploads", async () => {
    const { url } = await withLines("uploads");
    const body = Buffer.alloc(20 * 1024 * 1024);
    expect(await (await fetch(`${url}/length`, { method: "POST", body })).json()).toEqual({
      bytes: body.length,
    });
    expect(await chunked(`${url}/length`, [body, body])).toBe(JSON.stringify({ bytes: 2 * body.length }));
  });

  test("streams", async () => {
    const { url } = await withLines("streams");
    const pieces: string[] = [];
    for await (const piece of (await fetch(`${url}/ticks`)).body!) pieces.push(Buffer.from(piece).toString());
    expect(pieces).toEqual(["first\n", "second\n"]);
  });

  test("large headers, which exceed the default without it", async () => {
    const { url } = await withLines("large headers");
    expect(await (await fetch(`${url}/large`)).text()).toBe("large");

    const small = await nginx("unix socket");
    expect((await fetch(`${small.url}/large`)).status).toBe(502);
    await small.errorLine(/upstream sent too big header while reading response header from upstream/);
  });

  test("sendfile", async () => {
    const { url } = await nginx("sendfile", { files: { "protected/report.txt": "the report\n" } });
    expect(await (await fetch(`${url}/file`)).text()).toBe("the report\n");
    expect((await fetch(`${url}/protected/report.txt`)).status).toBe(404);

    const odd = await nginx("sendfile", { files: oddFiles });
    const sent = async (name: string): Promise<string> =>
      (await fetch(`${odd.url}/file?name=${encodeURIComponent(name)}`)).text();
    for (const name of oddNames) expect(await sent(name), name).toBe(name);
    for (const name of waysOut) expect(await sent(name), name).not.toContain("SECRET");
  });

  test("never asks an authorizer", async () => {
    const { url } = await nginx("files first", { files: { "www/members/card.txt": "secret\n" } });
    expect(await (await fetch(`${url}/members/card.txt`)).text()).toBe("secret\n");
  });

  test.each(["unix socket", "kept connections"])("an aborted stream is visible, by %s", async (name) => {
    const server = await nginx(name);
    const broken = fetch(`${server.url}/broken`).then((answer) => answer.text());
    await expect(broken).rejects.toThrow();
    await server.errorLine(
      /upstream (?:prematurely closed connection while reading upstream|sent unsupported FastCGI protocol version: 255)/,
    );
  });

  test.each([
    ["streams", withLines],
    ["unix socket", nginx],
  ])(
    "the answer of a killed process looks complete unless its length was announced, by %s",
    async (name, startNginx) => {
      const type = "Content-Type: text/plain\r\n";
      const unknown = await startNginx(name, { behind: await serveKilled(`${type}\r\nfirst\n`) });
      expect(await http(unknown.url, "/")).toMatchObject({ status: 200, body: "first\n" });
      const told = await startNginx(name, {
        behind: await serveKilled(`${type}Content-Length: 100\r\n\r\nfirst\n`),
      });
      await expect(http(told.url, "/", { headers: { Connection: "close" } })).rejects.toThrow();
    },
  );

  test("fastcgi_catch_stderr has no effect, but the status does", async () => {
    const caught = await nginx("unix socket", { before: 'fastcgi_catch_stderr "tricorn:";\n' });
    expect((await fetch(`${caught.url}/failing`)).status).toBe(500);
    await caught.errorLine(/FastCGI sent in stderr: "tricorn: GET \/failing failed/);
    const before = "fastcgi_intercept_errors on;\nerror_page 500 https://status.example/;\n";
    const intercepted = await nginx("unix socket", { before });
    const { headers } = await http(intercepted.url, "/failing");
    expect(headers.location).toBe("https://status.example/");
  });

  test("a failure is in the error log", async () => {
    const server = await nginx("unix socket");
    expect((await fetch(`${server.url}/failing`)).status).toBe(500);
    await server.errorLine(/FastCGI sent in stderr: "tricorn: GET \/failing failed: Error: inside"/);
  });

  test("an unreachable application is a 502", async () => {
    const tcp = await nginx("kept connections", { behind: undefined });
    expect((await fetch(tcp.url)).status).toBe(502);
    await tcp.errorLine(/connect\(\) failed \(111: Connection refused\)/);
    const unix = await nginx("unix socket", { behind: undefined });
    expect((await fetch(unix.url)).status).toBe(502);
    await unix.errorLine(/connect\(\) to unix:\S+ failed \(2: No such file or directory\)/);
  });
});

test("Caddy protects by path_regexp in every document: path treats a trailing slash as different", () => {
  const matchers = documents
    .flatMap(blocksOf)
    .filter(({ language }) => language === "caddyfile")
    .flatMap(({ text }) => text.split("\n"))
    .filter((line) => /^\s*@\w+ (?:path|path_regexp) /.test(line));
  expect(matchers.length).toBeGreaterThan(0);
  for (const line of matchers) expect(line).toMatch(/path_regexp \(\?i\)\^.*\(\?:\/\|\$\)$/);
});

describe.each([
  ["docs/nginx-auth-request.md", "# auth_request", 500],
  ["docs/authorizers.md", "# caddy", 502],
])("%s: %s", (document, firstLine, absent) => {
  const files = { "www/members/card.txt": "A card\n", "www/poem.txt": "one\n" };
  const as = (session: string): RequestInit => ({
    redirect: "manual",
    headers: { Cookie: `session=${session}`, "Auth-User": "root", "Variable-Auth_user": "root" },
  });

  test("protects files and the application, and leaves the rest open", async () => {
    const members = await serveBoth([MembersGate, Pages], { vouchesFor: ["AUTH_USER"] });
    onTestFinished(() => members.close());
    const { url } = await start(document, firstLine, { behind: members, files });
    const card = `${url}/members/card.txt`;
    const nobody = await fetch(card, { redirect: "manual" });
    expect([nobody.status, nobody.headers.get("Location")]).toEqual([302, "/log-in"]);
    expect((await fetch(card, as("0ther"))).status).toBe(403);
    expect((await fetch(card, as("g0ne"))).status).toBe(404);
    expect((await fetch(card, as("br0ken"))).status).toBe(500);
    const asked = await fetch(card, as("basic"));
    expect([asked.status, asked.headers.get("WWW-Authenticate")]).toEqual([401, 'Basic realm="members"']);
    expect(await (await fetch(card, as("s3cret"))).text()).toBe("A card\n");
    expect(await (await fetch(`${url}/members/hello`, as("s3cret"))).text()).toBe("Hello ada\n");
    expect((await fetch(`${url}/members`, as("0ther"))).status).toBe(403);
    expect(await (await fetch(`${url}/poem.txt`)).text()).toBe("one\n");
  });

  test("protects them in every spelling", async () => {
    const members = await serveBoth([MembersGate, Pages], { vouchesFor: ["AUTH_USER"] });
    onTestFinished(() => members.close());
    const { url } = await start(document, firstLine, { behind: members, files });
    for (const target of [
      "/members",
      "/members/",
      "/members/x/..",
      "/members/x/../",
      "/members/.",
      "/x/../members",
      "/x/%2e%2e/members",
      "/x/%252e%252e/members",
      "/%6dembers",
      "//members",
      "/members//card.txt",
      "//members/./card.txt",
      "/x/../members/card.txt",
      "/members%2fcard.txt",
      "/members/hello/..",
      "/members/x/../hello",
      "//members/hello/",
    ]) {
      const { status, body } = await http(url, target);
      expect([target, status]).not.toEqual([target, 200]);
      expect([target, /card|Hello|members' page/.test(body)]).toEqual([target, false]);
    }
    expect(await (await fetch(`${url}/members`, as("s3cret"))).text()).toBe("The members' page\n");
  });

  test("lets members upload more than 1 MiB", async () => {
    const members = await serveBoth([MembersGate, Pages], { vouchesFor: ["AUTH_USER"] });
    onTestFinished(() => members.close());
    const { url } = await start(document, firstLine, { behind: members, files });
    const body = Buffer.alloc(2 * 1024 * 1024);
    const upload = { method: "POST", body, ...as("s3cret") };
    expect(await (await fetch(`${url}/members/length`, upload)).json()).toEqual({ bytes: body.length });
  });

  test("denies access when the application is unreachable", async () => {
    const { url } = await start(document, firstLine, { files });
    expect((await fetch(`${url}/members/card.txt`, as("s3cret"))).status).toBe(absent);
  });
});

describe("docs/responders.md: an aborted stream", () => {
  const outcome = async (url: string): Promise<string> => {
    try {
      return await (await fetch(url)).text();
    } catch {
      return "breaks";
    }
  };

  test("is visible behind Apache", async () => {
    const { url } = await start("docs/production.md", "# mod_proxy_fcgi", { behind: mounted });
    expect(await outcome(`${url}/app/broken`)).toBe("breaks");
    expect(await outcome(`${url}/app/broken-length`)).toBe("breaks");
  });

  test("is visible behind lighttpd if it streams, or if the length was announced", async () => {
    const collecting = await start("docs/production.md", "# lighttpd", { behind, withoutBinPath: true });
    expect(await outcome(`${collecting.url}/app/broken`)).toBe("first\n");
    expect(await outcome(`${collecting.url}/app/broken-length`)).toBe("breaks");

    const before = "server.stream-response-body = 1\n";
    const streaming = await start("docs/production.md", "# lighttpd", {
      behind,
      before,
      withoutBinPath: true,
    });
    expect(await outcome(`${streaming.url}/app/broken`)).toBe("breaks");
  });
});

describe("docs/production.md", () => {
  test("lighttpd starts the application", async () => {
    const { url } = await start("docs/production.md", "# lighttpd", { script: exampleScript("hello.ts") });
    expect(await (await fetch(`${url}/app/`)).text()).toBe("Hello from FastCGI");
  });

  test("Apache starts the application by mod_fcgid", async () => {
    const { url } = await start("docs/production.md", "# mod_fcgid", { script: exampleScript("hello.ts") });
    expect(await (await fetch(`${url}/app/`)).text()).toBe("Hello from FastCGI");
  });

  test("Apache, mod_proxy_fcgi", async () => {
    const server = await start("docs/production.md", "# mod_proxy_fcgi", { behind: mounted });
    expect(await (await fetch(`${server.url}/app/seen/a%20b`)).json()).toEqual({ ...seen, mount: "/app" });
    expect((await fetch(`${server.url}/app/failing`)).status).toBe(500);
    await server.errorLine(/AH01071: Got error 'tricorn: GET \/failing failed: Error: inside\\n'/);
  });

  test("Apache, mod_proxy_fcgi, and an unreachable application", async () => {
    const server = await start("docs/production.md", "# mod_proxy_fcgi");
    expect((await fetch(`${server.url}/app/`)).status).toBe(503);
    await server.errorLine(/AH01079: failed to make connection to backend/);
  });
});

describe("docs/filter-a-folder.md", () => {
  test.each([
    ["nginx", "# a folder of Markdown"],
    ["Apache", "# Markdown by mod_proxy_fcgi"],
  ])("%s", async (_server, firstLine) => {
    const { url } = await start("docs/filter-a-folder.md", firstLine, { behind: filtered, files: pages });
    const visit = (path: string, init?: RequestInit): Promise<Response> =>
      fetch(url + path, { redirect: "manual", ...init });
    for (const [path, title] of [
      ["/", "Notes"],
      ["/hats/", "Hats"],
      ["/hats/tricorn.md", "The tricorn"],
    ] as const) {
      const page = await visit(path);
      expect([path, page.status, await page.text()]).toEqual([path, 200, `<h1>${title}</h1>`]);
      expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
      const etag = page.headers.get("etag")!;
      expect((await visit(path, { headers: { "If-None-Match": etag } })).status).toBe(304);
    }
    const folder = await visit("/hats");
    expect([folder.status, new URL(folder.headers.get("location")!, url).pathname]).toEqual([301, "/hats/"]);
    expect(await (await visit("/picture.svg")).text()).toBe("<svg></svg>");
    for (const path of ["/.secret.md", "/.secret"]) {
      const answer = await visit(path);
      expect([path, answer.status]).toEqual([path, 403]);
      expect(await answer.text()).not.toContain("SECRET");
    }
    expect((await visit("/none.md")).status).toBe(404);
  });
});

describe("docs/operations.md", () => {
  test("status page", async () => {
    const { log } = capturedLog();
    const status = { program: "/srv/hats/dist/main.js", pid: 1, startedAt: 0, at: 0, isStopping: false };
    const snapshot = { ...status, addresses: [], workers: [], wanted: 1, lastReloads: [], lastEnds: [] };
    const shown = {
      status: () => Promise.resolve(snapshot),
      ping: () => Promise.resolve("no worker answers" as const),
      metrics: () => Promise.resolve({ type: "text/plain; version=0.0.4; charset=utf-8", body: "" }),
    };
    const page = new Server(new StatusApplication(shown, log), { log });
    const unix = join(temporaryFolder(), "status.sock");
    await page.listen(unix);
    onTestFinished(() => page.close());
    const behind = { tcp: "", unix, close: () => Promise.resolve() };
    const { url } = await start("docs/operations.md", "# status page", { behind });
    const ping = await fetch(`${url}/ping`);
    expect([ping.status, await ping.text()]).toEqual([503, "no worker answers\n"]);
    expect(await (await fetch(`${url}/status?json`)).json()).toEqual(snapshot);
    expect(await (await fetch(`${url}/status`)).text()).toContain("program:        /srv/hats/dist/main.js\n");
    expect((await fetch(`${url}/status/more`)).status).toBe(404);
  });

  test.each(["# metrics", "# metrics by Caddy"])("%s: Prometheus reads them", async (name) => {
    const { log } = capturedLog();
    const status = { program: "/srv/hats/dist/main.js", pid: 1, startedAt: 0, at: 0, isStopping: false };
    const snapshot = { ...status, addresses: [], workers: [], wanted: 1, lastReloads: [], lastEnds: [] };
    const unasked = () => Promise.reject(new Error("It must not be asked"));
    const observations = new Observations();
    observations.reloaded({ startedAt: 0, took: 1, generation: 1, replaced: 1, failure: undefined });
    const metrics = () => formatMetrics(snapshot, observations);
    const page = new Server(new StatusApplication({ status: unasked, ping: unasked, metrics }, log), { log });
    const unix = join(temporaryFolder(), "status.sock");
    await page.listen(unix);
    onTestFinished(() => page.close());
    const behind = { tcp: "", unix, close: () => Promise.resolve() };
    const { url } = await start("docs/operations.md", name, { behind });
    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await answer.text()).toContain('\ntricorn_reloads_total{outcome="ok"} 1\n');
    expect(await (await fetch(`${url}/status`)).text()).not.toContain("program:");

    const { text: configuration } = blocksOf("docs/operations.md").find(
      ({ language, text: yaml }) => language === "yaml" && yaml.startsWith("scrape_configs:"),
    )!;
    const folder = temporaryFolder();
    const file = join(folder, "prometheus.yml");
    const own = configuration.replace("127.0.0.1:9145", new URL(url).host).replace("15s", "1s");
    expect(own).toContain(`targets: ["${new URL(url).host}"]`);
    writeFileSync(file, own);
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const prometheus = new NodeProcess([
      "prometheus",
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
    ]);
    await prometheus.line(/Server is ready to receive web requests/);
    const query = `http://${address}/api/v1/query?query=${encodeURIComponent('tricorn_reloads_total{outcome="ok"}')}`;
    const found = async (): Promise<unknown> => (await fetch(query)).json();
    await expect.poll(found).toMatchObject({
      data: { result: [{ metric: { job: "hats", outcome: "ok" }, value: [expect.any(Number), "1"] }] },
    });
  });
});

describe("docs/scgi.md", () => {
  let scgi: Behind;
  beforeAll(async () => {
    scgi = await serveBoth([Probe], { isScgi: true });
  });
  afterAll(() => scgi?.close());

  test.each(["scgi_pass", "mod_proxy_scgi", "mod_scgi"])("%s", async (name) => {
    const { url } = await start("docs/scgi.md", `# ${name}`, { behind: scgi });
    expect(await (await fetch(`${url}/seen/a%20b`)).json()).toEqual(seen);
    const body = "x".repeat(100_000);
    expect(await (await fetch(`${url}/length`, { method: "POST", body })).json()).toEqual({ bytes: 100_000 });
  });

  test("lighttpd starts the application", async () => {
    const script = exampleScript("hello.ts");
    const { url } = await start("docs/scgi.md", "# started by lighttpd", { script });
    expect(await (await fetch(`${url}/app/`)).text()).toBe("Hello from FastCGI");
  });
});

describe("docs/plain-cgi.md", () => {
  test.each(["mod_cgid", "mod_cgi"])("%s starts the application for each request", async (module) => {
    const { url } = await start("docs/plain-cgi.md", `# ${module}`, { script: exampleScript("hello.ts") });
    for (const path of ["/app/", "/app/?a+b"])
      expect(await (await fetch(`${url}${path}`)).text()).toBe("Hello from FastCGI");
    expect((await fetch(`${url}/app/nowhere`)).status).toBe(404);
  });
});

/** Uploads without telling the length. */
function chunked(url: string, pieces: readonly Buffer[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = request(url, { method: "POST" }, (answer) => {
      let text = "";
      answer.on("data", (piece: Buffer) => (text += piece.toString()));
      answer.on("end", () => resolve(text));
    });
    upload.on("error", reject);
    for (const piece of pieces) upload.write(piece);
    upload.end();
  });
}

test("each configuration in the documents is run here", () => {
  const shown = documents
    .flatMap(blocksOf)
    .filter(({ language }) => ["nginx", "apache", "lighttpd", "caddyfile"].includes(language))
    .map(({ document, text }) => `${document} ${text.split("\n", 1)[0]}`);
  expect(shown.filter((name) => !started.has(name))).toEqual([]);
});
