import { expect, test } from "vitest";

import { http } from "../gateway/support/http.js";
import { DevProcess, Project } from "./support/project.js";

const MAIN = `import { Get, Responder, serve, type ResponderRequest, Req } from "tricorn";

@Responder()
class Failing {
  @Get("/fails")
  fails(@Req() request: ResponderRequest): string {
    throw new Error("<b>no</b> " + request.headers.get("authorization"));
  }

  @Get("/page", { type: "text/html; charset=utf-8" })
  page(): string {
    return "<title>Page</title>";
  }
}

await serve([Failing]);
`;

const BROWSER = { Accept: "text/html,application/xhtml+xml;q=0.9", "Sec-Fetch-Dest": "document" };

test("a failure is a page with the source and the request, without secrets and without markup of others", async () => {
  const dev = new DevProcess(new Project({ "src/main.ts": MAIN }));
  const url = await dev.url();
  const page = await http(url, "/fails?token=query-secret&page=2", {
    headers: { ...BROWSER, Authorization: "Bearer bearer-secret", Cookie: "id=cookie-secret" },
  });
  expect(page).toMatchObject({
    status: 500,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
  expect(page.body).toContain("Error: &#60;b&#62;no&#60;/b&#62; ");
  expect(page.body).toContain("<h2>src/main.ts:7:11</h2>");
  expect(page.body).toContain('class="place">   7      throw new Error(');
  expect(page.body).toContain('<th scope="row">QUERY_STRING</th><td>token=[redacted]&#38;page=2</td>');
  expect(page.body).toContain('<th scope="row">HTTP_COOKIE</th><td>[redacted]</td>');
  expect(page.body).not.toMatch(/<b>|query-secret|bearer-secret|cookie-secret|tricorn-programs|node_modules/);
});

test("a failure is what serve sends if the client shows no pages, and its log has no secret", async () => {
  const dev = new DevProcess(new Project({ "src/main.ts": MAIN }));
  const answer = await http(await dev.url(), "/fails", {
    headers: { Authorization: "Bearer bearer-secret" },
  });
  expect(answer).toMatchObject({ status: 500, headers: { "content-type": "application/problem+json" } });
  await dev.line(/"roles":\["responder"\],"method":"GET","path":"\/fails","status":500,/);
  expect(dev.errors.join("\n")).not.toContain("bearer-secret");
});

const ROUTED = `import { Get, HttpError, Post, Responder, createApplication, reply, serve } from "tricorn";

@Responder("/books")
class Books {
  @Get("/")
  list(): string {
    return "all";
  }

  @Post("/:id")
  add(): string {
    throw new HttpError(404, "There is no such resource.");
  }

  @Get("/:id")
  show() {
    return reply("own", { status: 404, headers: { "Content-Type": "application/problem+json" } });
  }
}

await serve(createApplication({ controllers: [Books], mount: "/app" }));
`;

test("a path without a route is a page with the routes, for a browser only", async () => {
  const url = await new DevProcess(new Project({ "src/main.ts": ROUTED })).url();
  for (const path of ["/app/boks/%3Cb%3E?token=query-secret", "/elsewhere"]) {
    const page = await http(url, path, { headers: BROWSER });
    expect(page).toMatchObject({ status: 404, headers: { "content-type": "text/html; charset=utf-8" } });
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page.body).toMatch(
      /<tr><th scope="row">GET<\/th><td><a href="\/app\/books\/?">\/app\/books\/?<\/a><\/td><td>Books<\/td><\/tr>/,
    );
    expect(page.body).toContain('<th scope="row">POST</th><td>/app/books/:id</td>');
    expect(page.body).not.toMatch(/<b>|query-secret/);
    const plain = await http(url, path);
    expect(plain).toMatchObject({ status: 404, headers: { "content-type": "application/problem+json" } });
  }
});

test("a 404 of a handler stays as it is, also for a browser", async () => {
  const url = await new DevProcess(new Project({ "src/main.ts": ROUTED })).url();
  const own = await http(url, "/app/books/1", { headers: BROWSER });
  expect(own).toMatchObject({ status: 404, body: "own" });
  const thrown = await http(url, "/app/books/1", { method: "POST", headers: BROWSER });
  expect(thrown).toMatchObject({ status: 404, headers: { "content-type": "application/problem+json" } });
  expect(JSON.parse(thrown.body)).toMatchObject({ detail: "There is no such resource." });
});

test("a page gets the script that reloads it, unless that is switched off", async () => {
  const project = new Project({ "src/main.ts": MAIN, "public/index.html": "<title>Home</title>" });
  const script = '<script src="/__tricorn/reload.js" defer></script>';
  const url = await new DevProcess(project).url();
  expect((await http(url, "/page", { headers: BROWSER })).body).toBe(`<title>Page</title>${script}`);
  expect((await http(url, "/", { headers: BROWSER })).body).toBe(`<title>Home</title>${script}`);
  expect((await http(url, "/page")).body).toBe("<title>Page</title>");
  const plain = await new DevProcess(project, ["--no-reload"]).url();
  expect((await http(plain, "/page", { headers: BROWSER })).body).toBe("<title>Page</title>");
});

test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "localhost@evil.example"])(
  "a request for %s is refused, also of the inspector and the script",
  async (host) => {
    const dev = new DevProcess(new Project({ "src/main.ts": MAIN }));
    const url = await dev.url();
    for (const path of ["/page", "/__tricorn", "/__tricorn/reload.js", "/__tricorn/reload?since=x"])
      expect(await http(url, path, { headers: { Host: host } })).toMatchObject({ status: 403 });
    for (const local of ["localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:8080"])
      expect(await http(url, "/page", { headers: { Host: local } })).toMatchObject({ status: 200 });
  },
);

test("on an address that others can reach each request needs the key, which becomes a cookie", async () => {
  const dev = new DevProcess(new Project({ "src/main.ts": MAIN }), ["--host", "0.0.0.0"]);
  const [, origin, key] = await dev.line(/"url":"(http:\/\/[^/]+)\/\?key=([\w-]{24})"/);
  for (const path of ["/page", "/page?key=", "/page?key=wrong", "/__tricorn", "/__tricorn/reload.js"])
    expect(await http(origin!, path)).toMatchObject({ status: 403 });
  const entry = await http(origin!, `/page?key=${key}&a=1`);
  expect(entry).toMatchObject({ status: 302, headers: { location: "/page?a=1" } });
  const [field] = entry.headers["set-cookie"]!;
  expect(field).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
  const headers = { Cookie: `a=1; ${field!.split(";")[0]}` };
  expect(await http(origin!, "/page", { headers })).toMatchObject({ status: 200 });
  expect(await http(origin!, "/__tricorn/reload.js", { headers })).toMatchObject({ status: 200 });
});

test("the key in a URL reaches neither the program nor its log, even if the browser has the cookie", async () => {
  const dev = new DevProcess(new Project({ "src/main.ts": MAIN }), ["--host", "0.0.0.0"]);
  const [, origin, key] = await dev.line(/"url":"(http:\/\/[^/]+)\/\?key=([\w-]{24})"/);
  const [field] = (await http(origin!, `/page?key=${key}`)).headers["set-cookie"]!;
  const headers = { Cookie: field!.split(";")[0]! };
  expect(await http(origin!, `/page?key=${key}&a=1`, { headers })).toMatchObject({
    status: 302,
    headers: { location: "/page?a=1" },
  });
  // A parameter of the program's own.
  expect(await http(origin!, "/page?key=1", { headers })).toMatchObject({ status: 200 });
});

test("a target that is no URL ends nothing, with a key and without", async () => {
  const project = new Project({ "src/main.ts": MAIN });
  const shared = new DevProcess(project, ["--host", "0.0.0.0"]);
  const [, origin, key] = await shared.line(/"url":"(http:\/\/[^/]+)\/\?key=([\w-]{24})"/);
  for (const target of ["//", "//[", "/\\[", "http://[/", "*"])
    expect(await http(origin!, target)).toMatchObject({ status: 403 });
  for (const target of ["//evil.example", "/\\evil.example", "/.//evil.example", "http://evil.example/"])
    expect((await http(origin!, `${target}?key=${key}`)).headers.location).toMatch(/^\/(?!\/)/);
  const url = await new DevProcess(project).url();
  for (const target of ["//", "//[", "/\\[", "/\\:"])
    expect((await http(url, target)).status).toBeLessThan(500);
  expect(await http(url, "/page")).toMatchObject({ status: 200 });
});

test("on another address of this machine, a request needs the key", async () => {
  const dev = new DevProcess(new Project({ "src/main.ts": MAIN }), ["--host", "127.0.0.2"]);
  const [, origin, key] = await dev.line(/"url":"(http:\/\/[^/]+)\/\?key=([\w-]{24})"/);
  expect(await http(origin!, "/page")).toMatchObject({ status: 403 });
  expect(await http(origin!, `/page?key=${key}`)).toMatchObject({ status: 302 });
});
