import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { temporaryFolder } from "../../support/served.js";
import { curl } from "../../support/web-servers/curl.js";
import { CANARY, setScene, type Scene, type SceneOptions, type Seen } from "./scene.js";

const MEBIBYTE = 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Sends a raw target: fetch would resolve its dots. */
function visit(
  url: string,
  target: string,
  {
    method = "GET",
    headers = {},
  }: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port, pathname } = new URL(url);
  const path = (pathname === "/" ? "" : pathname) + target;
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => (body += piece));
      response.on("end", () => resolve({ status: response.statusCode!, body, headers: response.headers }));
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}

async function start(options: SceneOptions): Promise<Scene> {
  const scene = await setScene(options);
  onTestFinished(() => scene.close());
  return scene;
}

const scenes = (["nginx", "caddy", "haproxy", "h2o"] as const).flatMap((server) => [
  { server, over: "tcp", mount: "" } as const,
  { server, over: "unix", mount: "/app" } as const,
]);

describe.each(scenes)("behind $server on $over, mounted at '$mount'", ({ server, over, mount }) => {
  const asks = server === "nginx" || server === "caddy";
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ server, over, mount });
  });
  afterAll(() => scene?.close());
  const go = (target: string, options?: Parameters<typeof visit>[2]): Promise<Answer> =>
    visit(scene.url, target, options);
  const seen = async (target: string, headers: Record<string, string> = {}): Promise<Seen> =>
    JSON.parse((await go(target, { headers })).body) as Seen;

  test("routes are answered, with mount and path, even if such a file exists", async () => {
    expect(await seen("/seen/a%20b?c=d")).toMatchObject({ mount, path: "/seen/a%20b" });
    expect(await seen("/seen/it")).toMatchObject({ mount, path: "/seen/it" });
    expect((await go("/")).body).toBe("home\n");
    if (mount !== "") expect((await go("")).body).toBe("home\n");
    for (const target of [
      "/spaced%20out/z%C3%BCrich",
      "/spaced%20out/z%c3%bcric%68",
      "/z%C3%BCrich/@me",
      "/z%C3%BCrich/%40me",
    ]) {
      expect([target, (await go(target)).body]).toEqual([target, "spaced\n"]);
    }
    expect((await go("/nowhere")).status).toBe(404);
  });

  test("the status of an answer is not also a header field", async () => {
    for (const target of ["/", "/nowhere", "/members/seen?mode=allow", "/members/seen?mode=deny"]) {
      const { headers } = await go(target);
      expect([target, headers["status"]]).toEqual([target, undefined]);
    }
  });

  test("no field of a client becomes a variable", async () => {
    const { params, user } = await seen("/seen/it", {
      Authorization: `Basic ${Buffer.from("eve:wrong").toString("base64")}`,
      Proxy: "http://eve/",
      X_Eve: "underscores",
      "Auth-User": "eve",
      "Remote-User": "eve",
      "Tricorn-Bridge": "auth_request",
    });
    expect([params["REMOTE_USER"] ?? "", params["AUTH_TYPE"] ?? "", params["AUTH_USER"] ?? ""]).toEqual([
      "",
      "",
      "",
    ]);
    expect(params["HTTP_PROXY"]).toBeUndefined();
    // H2O cannot drop a field. The application joins such a one with its twin.
    if (server !== "h2o") expect(params["HTTP_X_EVE"]).toBeUndefined();
    expect(params["HTTP_AUTHORIZATION"]).toMatch(/^Basic /);
    expect(user).toBeNull();
  });

  test.each([
    "/members/card.txt",
    "/members/seen",
    "/members/shout.md",
    "/members/nowhere",
    "/members",
    "/members/",
    "/MEMBERS/card.txt",
    "/%6dembers/card.txt",
    "/members/line%0aend.txt",
    "//members//card.txt",
    "/x/../members/card.txt",
    "/./members/card.txt",
    "/deep/er/it.secret",
    "/deep/er/it.secret/",
    "/books/1",
    "/books/1/",
    "/secret",
    "/secret/",
    "/seCret",
    "/hidden/",
    "/hidden/index.html",
    "/books/a%2Fb",
    "/members%2Fcard.txt",
  ])("%j is not shown without authorization", async (target) => {
    for (const mode of ["deny", "throw", ""]) {
      const { status, body } = await go(`${target}?mode=${mode}`);
      expect([target, body.includes(CANARY) || body.includes("params")]).toEqual([target, false]);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });

  test("an allowed request is answered, and its responder knows the user", async () => {
    const { user, params } = await seen("/members/seen?mode=allow");
    expect([user, params["AUTH_USER"]]).toEqual(["ada by GET", "ada by GET"]);
    expect((await go("/members/shout.md?mode=allow")).body).toBe(CANARY.toUpperCase());
    const posted = await go("/members/seen?mode=allow", { method: "POST" });
    expect(posted.status).toBe(405);
  });

  test("a denial is forwarded unchanged", async () => {
    const redirected = await go("/members/seen?mode=redirect");
    // HAProxy 2.6.12 makes every answer with a Location a 302.
    const status = server === "haproxy" ? 302 : 303;
    expect([redirected.status, redirected.headers["location"]]).toEqual([status, "/log-in?from=members"]);
    const challenged = await go("/members/seen?mode=challenge");
    expect([challenged.status, challenged.headers["www-authenticate"]]).toEqual([401, "Bearer"]);
    expect(challenged.headers["set-cookie"]).toEqual(["seen=1"]);
    expect((await go("/members/seen?mode=gone")).status).toBe(410);
    expect((await go("/members/seen?mode=deny")).status).toBe(403);
    expect((await go("/members/seen?mode=throw")).status).toBe(500);
  });

  test("a file that a filter covers is filtered", async () => {
    const { status, body, headers } = await go("/shout.md");
    expect([status, body, headers["content-type"]]).toEqual([200, "LOUD\n", "text/plain; charset=utf-8"]);
    for (const target of ["/loud/", "/loud/index.html"]) expect((await go(target)).body).toBe("LOUD INDEX\n");
  });

  test("files are served by servers that can tell which ones are protected", async () => {
    const expected = asks ? [200, "one\n"] : [404, expect.not.stringContaining("one\n")];
    const poem = await go("/poem.txt");
    expect([poem.status, poem.body]).toEqual(expected);
    if (!asks) return;
    expect((await go("/a%20b.txt")).body).toBe("two\n");
    expect((await go("/folder/")).body).toBe("folder\n");
    expect((await go("/folder")).status).toBeOneOf([301, 308]);
    if (mount === "") expect((await go("/.well-known/proof")).body).toBe("proof\n");
    expect((await go("/members/card.txt?mode=allow")).body).toBe(CANARY);
    expect((await go("/deep/er/it.secret?mode=allow")).body).toBe(CANARY);
    expect((await go("/hidden/index.html?mode=allow")).body).toBe(CANARY);
    // nginx asks about the folder's own name, which no authorizer covers.
    expect((await go("/hidden/?mode=allow")).status).toBe(server === "nginx" ? 403 : 200);
  });

  test("a file whose name begins with a dot is not served", async () => {
    for (const target of ["/.git/config", "/%2egit/config", "/folder/..%2f.git/config"]) {
      const { status, body } = await go(target);
      expect([target, body.includes("dot file")]).toEqual([target, false]);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });

  test("a stream arrives as it is produced", async () => {
    const pieces: string[] = [];
    for await (const piece of (await fetch(`${scene.url}/ticks`)).body!) {
      pieces.push(Buffer.from(piece).toString());
      scene.stage.tell("go on");
    }
    expect(pieces).toEqual(["first\n", "second\n"]);
  });

  if (mount !== "") {
    test("paths outside the mount reach neither the application nor a file", async () => {
      for (const path of ["/seen/it", "/application/seen/it", "/appseen", "/poem.txt", "/app/../poem.txt"]) {
        expect([path, (await visit(scene.webServer.url, path)).status]).toEqual([path, 404]);
      }
    });
  }
});

describe.each(["nginx", "caddy", "haproxy", "h2o"] as const)("behind %s", (server) => {
  test("a body above the limit is refused, one within it is accepted", async () => {
    const { url } = await start({ server, over: "tcp", mount: "", deployment: { maxBodyBytes: MEBIBYTE } });
    // curl reads an answer that arrives before the whole body was sent, and survives the server's close.
    const post = async (bytes: number): Promise<string> => {
      const file = join(temporaryFolder(), "body");
      writeFileSync(file, Buffer.alloc(bytes));
      const upload = ["--header", "Expect:", "--data-binary", `@${file}`];
      return (await curl(...upload, "--write-out", "\n%{http_code}", `${url}/length`)).output;
    };
    expect(await post(MEBIBYTE)).toBe(`{"bytes":${MEBIBYTE}}\n200`);
    expect(await post(MEBIBYTE + 1)).toMatch(/\n413$/);
  });

  test("nothing protected is shown if the application is down", async () => {
    const scene = await start({
      server,
      over: "unix",
      mount: "",
      deployment: { listen: "unix:/nowhere.sock" },
    });
    const { status, body } = await visit(scene.url, "/members/card.txt?mode=allow");
    expect(body).not.toContain(CANARY);
    expect(status).toBeGreaterThanOrEqual(500);
  });
});

test("nginx accepts a large upload to a protected path if only that path allows it", async () => {
  const edit = (text: string): string =>
    text
      .replace(/client_max_body_size [1-9]\d*;/, "client_max_body_size 1m;")
      .replace(/location ~\* .*\{/, (line) => `${line} client_max_body_size 64m;`)
      .replace(/location ~ .*length.*\{/g, (line) => `${line} client_max_body_size 64m;`);
  const { url } = await start({ server: "nginx", over: "tcp", mount: "", edit });
  const file = join(temporaryFolder(), "body");
  writeFileSync(file, Buffer.alloc(2 * MEBIBYTE));
  const upload = ["--header", "Expect:", "--data-binary", `@${file}`];
  const { output } = await curl(...upload, `${url}/members/length?mode=allow`);
  expect(output).toBe(`{"bytes":${2 * MEBIBYTE}}`);
});

describe.each(["nginx", "caddy", "h2o"] as const)("behind %s, of an unknown application,", (server) => {
  test("files take precedence, and other paths reach the application", async () => {
    const { url } = await start({ server, over: "tcp", mount: "", isKnown: false });
    expect((await visit(url, "/poem.txt")).body).toBe("one\n");
    expect((await visit(url, "/seen/it")).body).toBe("a file in the place of a route\n");
    expect((await visit(url, "/")).body).toBe("home\n");
    expect(JSON.parse((await visit(url, "/seen/other")).body)).toMatchObject({ path: "/seen/other" });
    for (const path of [
      "/.git/config",
      "/%2egit/config",
      "//.git//config",
      "/seen/../.git/config",
      "/folder%2f.git/config",
    ]) {
      expect([path, (await visit(url, path)).body]).not.toEqual([path, "dot file\n"]);
    }
  });

  test("every path reaches the application if there are no files", async () => {
    const { url } = await start({ server, over: "tcp", mount: "", isKnown: false, withRoot: false });
    expect((await visit(url, "/poem.txt")).status).toBe(404);
    expect((await visit(url, "/")).body).toBe("home\n");
  });
});

test.each(["nginx", "caddy", "h2o"] as const)(
  "%s filters an index if nothing is protected",
  async (server) => {
    const { url } = await start({ server, over: "tcp", mount: "", withGate: false });
    for (const target of ["/loud/", "/loud/index.html", "/loud//", "/./loud/"]) {
      expect([target, (await visit(url, target)).body]).toEqual([target, "LOUD INDEX\n"]);
    }
  },
);

test.each(["nginx", "haproxy"] as const)("%s keeps its connections to the application", async (server) => {
  const scene = await start({ server, over: "unix", mount: "", withRoot: false });
  for (let time = 0; time < 50; time++) expect((await visit(scene.url, "/")).body).toBe("home\n");
  // One for each process or thread, at the most.
  expect(scene.connections).toBeLessThanOrEqual(availableParallelism());
});

test("HAProxy has a connection for each request if configured so", async () => {
  const deployment = { haproxy: { connections: "closed" } } as const;
  const scene = await start({ server: "haproxy", over: "unix", mount: "", deployment });
  for (let time = 0; time < 5; time++) expect((await visit(scene.url, "/")).body).toBe("home\n");
  expect(scene.connections).toBe(5);
});
