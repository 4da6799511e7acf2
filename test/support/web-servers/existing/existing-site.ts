import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { dirname, join } from "node:path";

import type { Addition } from "../../../../src/config/configuration.js";
import type { Certificate } from "../../fixtures/set-up.js";
import type { WebServerKind } from "../web-server.js";

/** The name of the second site; the first one answers to every name. */
export const SHOP = "www.example.org";

/** Where the sites of a Web server are. */
export interface SitePlace {
  /** A folder for the server's files, which all users can read. */
  readonly folder: string;
  /** The files of the first site, Debian's default one: plain HTTP. */
  readonly www: string;
  /** The files of the second site: HTTPS with HTTP/2, PHP, redirects and other locations. */
  readonly shop: string;
  /** The port of the second site. */
  readonly https: number;
  readonly php: string;
  readonly certificate: Certificate;
}

/** What an administrator adds: the files of a configuration, by the paths where the server reads them, and its lines. */
export interface Added {
  readonly files: Readonly<Record<string, string>>;
  readonly additions: readonly Addition[];
  /** The command that is run first. */
  readonly before?: string | undefined;
}

/** A Web server with both sites, and with what was added to them. */
export type ExistingServer = (place: SitePlace, added: Added) => WebServerKind;

/** Nothing is added. */
export const NOTHING: Added = { files: {}, additions: [] };

const PHP = `<?php
header("X-Script: " . $_SERVER["SCRIPT_NAME"]);
$keys = ["REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTPS", "CONTENT_TYPE", "HTTP_X_UNDER"];
foreach ($keys as $key) echo $key, "=", $_SERVER[$key] ?? "absent", "\\n";
echo strlen(file_get_contents("php://input")), "\\n";
`;

const WWW = {
  "index.html": "<h1>It works!</h1>\n",
  "style.css": "body {}\n",
  "folder/index.html": "www folder\n",
  "apple/index.html": "an apple\n",
  "a/b.txt": "a/b\n",
  "shout.md": "www markdown\n",
  "members/card.txt": "www members\n",
  "file.secret": "www secret\n",
};

const SHOP_FILES = {
  "index.php": PHP,
  "tool.php": PHP,
  "style.css": "main {}\n",
  "static/logo.svg": "<svg/>\n",
  "static/read.md": "shop markdown\n",
  "members/card.txt": "shop members\n",
  "file.secret": "shop secret\n",
  "404.html": "shop has none\n",
};

/** Writes the files of both sites, once: a file's time is part of its ETag. */
export function writeSiteFiles(folder: string): Pick<SitePlace, "www" | "shop"> {
  const write = (name: string, files: Readonly<Record<string, string>>): string => {
    for (const [file, text] of Object.entries(files)) {
      const path = join(folder, name, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      utimesSync(path, 1_700_000_000, 1_700_000_000);
    }
    return join(folder, name);
  };
  return { www: write("www", WWW), shop: write("shop", SHOP_FILES) };
}

/** A request to one of the sites, for anything but the application. */
export interface OtherRequest {
  readonly site: "www" | "shop";
  readonly target: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

const gets = (site: OtherRequest["site"], ...targets: string[]): OtherRequest[] =>
  targets.map((target) => ({ site, target }));

/** Everything else that the sites answer, in each of the ways in which a careless configuration changes it. */
export const otherRequests: readonly OtherRequest[] = [
  ...gets(
    "www",
    "/",
    "/index.html",
    "/style.css",
    "//style.css",
    "/folder",
    "/folder/",
    "/folder/../style.css",
    "/a/b.txt",
    "/a%2Fb.txt",
    "/a%2fb.txt?q=%2F",
    "/a//b.txt",
    "/apple",
    "/apple/",
    "/appl",
    "/APP/",
    "/App/members/page",
    "/application",
    "/shout.md",
    "/members/card.txt",
    "/file.secret",
    "/nowhere",
    "/.hidden",
    "/.tricorn/authorize",
    "/%61pple/",
  ),
  { site: "www", target: "/style.css", headers: { range: "bytes=0-3" } },
  { site: "www", target: "/style.css", headers: { "if-modified-since": "Fri, 01 Dec 2023 00:00:00 GMT" } },
  { site: "www", target: "/", method: "HEAD" },
  { site: "www", target: "/", method: "OPTIONS" },
  { site: "www", target: "/style.css", method: "POST", body: Buffer.from("a=b") },
  ...gets(
    "shop",
    "/",
    "/style.css",
    "/tool.php",
    "/tool.php?a=b%2Fc",
    "/tool.php/extra/path",
    "/tool.php/app/members/page",
    "/pretty/url?q=1",
    "/pretty%2Furl",
    "/static/logo.svg",
    "/static/read.md",
    "/static/none",
    "/old/page?x=1",
    "/api/app/members",
    "/members/card.txt",
    "/file.secret",
    "/apple/",
    "/.tricorn/authorize",
  ),
  // Not both at once: Caddy sends fields in no order.
  { site: "shop", target: "/tool.php?field=X-Under", headers: { "X-Under": "1" } },
  { site: "shop", target: "/tool.php?field=x_under", headers: { x_under: "2" } },
  { site: "shop", target: "/tool.php", method: "POST", body: Buffer.alloc(64 * 1024) },
  // More than a site takes by default, and less than the application takes.
  { site: "shop", target: "/tool.php", method: "POST", body: Buffer.alloc(2 * 1024 * 1024) },
  { site: "shop", target: "/style.css", method: "HEAD" },
];

/** A whole answer, without its date and with ports that do not change. */
export interface OtherAnswer {
  readonly request: string;
  readonly status: number | undefined;
  readonly fields: readonly string[];
  readonly body: string;
}

/** Sends a request with the target exactly as written, on a new connection. */
export function visitSite(
  { site, target, method = "GET", headers = {}, body }: OtherRequest,
  ports: { readonly http: number; readonly https: number },
): Promise<OtherAnswer> {
  const port = site === "www" ? ports.http : ports.https;
  const options = {
    host: "127.0.0.1",
    port,
    path: target,
    method,
    agent: false,
    headers: { host: site === "www" ? "localhost" : `${SHOP}:${port}`, ...headers },
  } as const;
  return new Promise((resolve, reject) => {
    const outgoing =
      site === "www"
        ? httpRequest(options)
        : httpsRequest({ ...options, servername: SHOP, rejectUnauthorized: false });
    let isAnswered = false;
    outgoing.on("response", (response) => {
      isAnswered = true;
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const plain = (text: string): string =>
          text.replaceAll(String(ports.http), "HTTP").replaceAll(String(ports.https), "HTTPS");
        const { rawHeaders, statusCode } = response;
        const fields = rawHeaders.flatMap((name, index) =>
          index % 2 === 1 || /^date$/i.test(name)
            ? []
            : [plain(`${name}: ${inOrder(name, rawHeaders[index + 1]!)}`)],
        );
        resolve({
          request: `${method} ${site}${target}`,
          status: statusCode,
          fields,
          body: plain(Buffer.concat(pieces).toString("latin1")),
        });
      });
    });
    // A server that refuses a body may close the connection before it has read it.
    outgoing.on("error", (error) => {
      if (!isAnswered) reject(error);
    });
    outgoing.end(body);
  });
}

/** Apache lists methods in an order that differs from one start to the next. */
function inOrder(name: string, value: string): string {
  return /^allow$/i.test(name) ? value.split(",").sort().join(",") : value;
}

/** The answers to all other requests, one after another. */
export async function otherAnswers(ports: {
  readonly http: number;
  readonly https: number;
}): Promise<OtherAnswer[]> {
  const answers: OtherAnswer[] = [];
  for (const request of otherRequests) answers.push(await visitSite(request, ports));
  return answers;
}
