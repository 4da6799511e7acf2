import { Agent, request } from "node:http";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";

import { pathRegex, type PathRegexOptions } from "../../../src/config/plan/path-regex.js";
import { compileGlob, compileProtection } from "../../../src/paths/path-glob.js";
import { caddy } from "../../support/web-servers/caddy.js";
import { lighttpd } from "../../support/web-servers/lighttpd.js";
import { nginx } from "../../support/web-servers/nginx.js";
import { WebServer, type WebServerKind } from "../../support/web-servers/web-server.js";

/** Globs that say something, in every way. No `?`, which may cover more. */
const GLOBS =
  String.raw`/** /members/** /Members/* *.pdf *.* .* * /a/**/b /a/**/*.md /**/*.md /*/b /*/** {a,b}.txt
  /{a,b/**} /{,x}/a /[ab]/c /v[0-9]/** /\*a\* /a\{b\} /ä/** *.ß /a{,/**} /x*y /b/ /$a /+a /c++ a-b_c~d /😀/**
  /keys/** /staff/* /straße/** /[^p]*/** /[j-l]/x /file /a/**/`
    .split(/\s+/)
    .filter((glob) => {
      try {
        pathRegex([glob], { unit: "bytes", covers: "file" });
        return true;
      } catch {
        return false;
      }
    });

const NAMES =
  "a b c A members Members x.pdf X.PDF .git a.md b.txt *a* a{b} ä Ä ö.ß x y xy v1 $a +a c++ a-b_c~d 😀 line\nend keys staff straße p public Public k file b;v=1".split(
    " ",
  );
/** The same, as read by programs that ignore case or cut at ";". */
const SPELT_OTHERWISE =
  "\u212Aeys KEYS \u017Ftaff \uFB06a\uFB00 STAFF;x STRASSE STRA\u1E9EE Stra\u017Fse PUBLIC p;x F\u0131LE \uFB01le a;a=1 ; B. a\u0308 A\u0308 \u212A".split(
    " ",
  );
/** Plain paths: no empty segment with parameters, which no Web server forwards. */
const pathsOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(fc.constantFrom(...names), { maxLength: 4 }), fc.constantFrom("", "/"))
    .map(([names, end]) => `/${names.join("/")}${names.length > 0 ? end : ""}`)
    .filter((path) => !/\/;.*\//.test(path));

/** nginx, which reports what covers a path. */
function tellingNginx(options: PathRegexOptions): WebServerKind {
  const tilde = options.covers === "anyReading" ? "~*" : "~";
  return nginx(() => ({
    http: GLOBS.map(
      (glob, index) => `map $uri $g${index} { default 0; "${tilde}${pathRegex([glob], options)}" 1; }`,
    ).join("\n"),
    server: `location / { return 200 "${GLOBS.map((_, index) => `\${g${index}}`).join("")}"; }`,
  }));
}

/** The same for Caddy. */
function tellingCaddy(options: PathRegexOptions): WebServerKind {
  const flag = options.covers === "anyReading" ? "(?i)" : "";
  return caddy(() => {
    const rules = GLOBS.map(
      (glob, index) => `
      @g${index} path_regexp \`${flag}${pathRegex([glob], options)}\`
      vars g${index} 0
      vars @g${index} g${index} 1`,
    );
    const verdicts = GLOBS.map((_, index) => `{http.vars.g${index}}`).join("");
    return `route {\n${rules.join("")}\nrespond "${verdicts}"\n}`;
  });
}

/** The same for lighttpd, whose conditions can say but one thing: a virtual host for each glob redirects what it covers. */
function tellingLighttpd(options: PathRegexOptions): WebServerKind {
  const flag = options.covers === "anyReading" ? "(?i)" : "";
  const hosts = GLOBS.map((glob, index) => {
    const where = `$HTTP["url"] =~ "${flag}${pathRegex([glob], options)}"`;
    return `$HTTP["host"] == "g${index}" { ${where} { url.redirect = ("" => "/") } }`;
  });
  // By default it refuses a line end.
  const rules =
    'server.modules += ("mod_redirect")\nserver.http-parseopts = ("url-ctrls-reject" => "disable")';
  return lighttpd(() => [rules, ...hosts].join("\n"));
}

const agent = new Agent({ keepAlive: true });

/** Status and body of an answer to a request for a decoded path. */
function answerTo(url: string, path: string, host = "127.0.0.1"): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  const target = path.split("/").map(encodeURIComponent).join("/");
  return new Promise((resolve, reject) => {
    request({ agent, hostname, port, path: target, headers: { host } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => (body += piece));
      response.on("end", () => resolve({ status: response.statusCode!, body }));
    })
      .on("error", reject)
      .end();
  });
}

const body = async (url: string, path: string): Promise<string> => (await answerTo(url, path)).body;

/** One request for each virtual host; 301 is what a glob covers. */
async function refusals(url: string, path: string): Promise<string> {
  const answers = await Promise.all(GLOBS.map((_, index) => answerTo(url, path, `g${index}`)));
  return answers.map(({ status }) => ({ 301: "1", 403: "0", 404: "0" })[status] ?? `(${status})`).join("");
}

describe.each([
  ["nginx", "bytes", tellingNginx, body],
  ["Caddy", "characters", tellingCaddy, body],
  ["lighttpd", "characters", tellingLighttpd, refusals],
] as const)("the regular expressions in %s", (_, unit, telling, ask) => {
  test("match a path like compileGlob", async () => {
    const server = await WebServer.start(telling({ unit, covers: "file" }));
    onTestFinished(() => server.stop());
    const expected = GLOBS.map((glob) => compileGlob(glob));
    await fc.assert(
      fc.asyncProperty(pathsOf(NAMES), async (path) => {
        const verdicts = expected.map((covers) => (covers(path) ? "1" : "0")).join("");
        expect([path, await ask(server.url, path)]).toEqual([path, verdicts]);
      }),
      { numRuns: 300 },
    );
  });

  test("cover every path whose authorizer must be asked, in any spelling", async () => {
    const server = await WebServer.start(telling({ unit, covers: "anyReading" }));
    onTestFinished(() => server.stop());
    const protects = GLOBS.map((glob) => compileProtection(glob));
    await fc.assert(
      fc.asyncProperty(pathsOf([...NAMES, ...SPELT_OTHERWISE, ...SPELT_OTHERWISE]), async (path) => {
        const verdicts = await ask(server.url, path);
        const open = GLOBS.filter((_, index) => protects[index]!(path) && verdicts[index] !== "1");
        expect([path, open]).toEqual([path, []]);
      }),
      { numRuns: 500 },
    );
  });
});

test("few of the globs are refused", () => {
  expect(GLOBS.length).toBeGreaterThan(25);
});
