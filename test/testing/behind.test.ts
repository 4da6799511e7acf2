import { describe, expect, test } from "vitest";

import { authorizingServers, webServers } from "tricorn/testing";
import "tricorn/testing/vitest";

import { member, startPages } from "./support.js";

interface Seen {
  readonly params: Readonly<Record<string, string>>;
  /** All values of REMOTE_ADDR. */
  readonly addresses: readonly string[];
  readonly path: string;
  readonly mount: string;
  readonly secure: boolean;
  readonly tags: string | null;
}

describe("a request behind a Web server", () => {
  test("has the params that the server sends", async () => {
    const application = await startPages();
    const { params } = (await application.respond("/seen/a%20b%2Fc?q=%20", { behind: "nginx" })).json<Seen>();
    expect(params).toMatchObject({
      SERVER_SOFTWARE: "nginx/1.22.1",
      SCRIPT_NAME: "/seen/a b/c",
      REQUEST_URI: "/seen/a%20b%2Fc?q=%20",
      QUERY_STRING: "q=%20",
      HTTP_HOST: "localhost",
      CONTENT_LENGTH: "",
    });
  });

  test.each(webServers)("reaches the same handler behind %s, with a body", async (behind) => {
    const application = await startPages({ behind, mount: "/" });
    expect(await application.respond("/echo", { body: "zoë" })).toReplyWith({ status: 200, text: "zoë" });
    expect((await application.respond("/seen/x//y/../%C3%A4")).json<Seen>().path).toBe("/seen/x/%C3%A4");
  });

  test("is split at the mount of the server, with the server of one request instead of the application's", async () => {
    const application = await startPages({ behind: "nginx" });
    const behind = { server: "caddy", mount: "/app" } as const;
    const { params, path, mount } = (await application.respond("/app/seen/x", { behind })).json<Seen>();
    expect({ path, mount, info: params["PATH_INFO"], software: params["SERVER_SOFTWARE"] }).toEqual({
      path: "/seen/x",
      mount: "/app",
      info: "/seen/x",
      software: "Caddy/2.6.2",
    });
  });

  test("loses its first segment behind Apache with SetHandler unless the mount is declared", async () => {
    const application = await startPages({ behind: "apache-sethandler" });
    expect(await application.respond("/seen/x")).toReplyWith(404);
    const declared = await startPages({ behind: "apache-sethandler", mount: "/" });
    expect(await declared.respond("/seen/x")).toReplyWith(200);
  });

  test("by TLS is secure", async () => {
    const application = await startPages({ mount: "/" });
    for (const behind of [undefined, ...webServers]) {
      const secure = (scheme: "http" | "https") => application.respond("/seen/x", { behind, scheme });
      const seen = (await secure("https")).json<Seen>();
      expect([behind, seen.secure, seen.params["HTTPS"]]).toEqual([behind, true, "on"]);
      expect((await secure("http")).json<Seen>().secure).toBe(false);
    }
  });

  test("has repeated fields as the server passes them on", async () => {
    const application = await startPages();
    const headers = { "X-Tag": ["one", "two"] };
    const tags = async (behind?: (typeof webServers)[number]) =>
      (await application.respond("/seen/x", { headers, behind })).json<Seen>().tags;
    expect(await tags()).toBe("one, two");
    expect(await tags("nginx")).toBe("one, two");
    expect(await tags("jetty")).toBe("two");
  });

  test("has the test's own params in the place of the server's", async () => {
    const application = await startPages({ behind: "haproxy" });
    const params = { REMOTE_ADDR: "192.0.2.7", AUTH_USER: "ada" };
    const { params: seen, addresses } = (await application.respond("/seen/x", { params })).json<Seen>();
    expect(seen).toMatchObject(params);
    expect(addresses).toEqual(["192.0.2.7"]);
    expect(Object.keys(seen).indexOf("REMOTE_ADDR")).toBeLessThan(Object.keys(seen).indexOf("REMOTE_PORT"));
  });

  test("that the server answers itself is refused", async () => {
    const application = await startPages();
    await expect(application.respond("/a%zz", { behind: "nginx" })).rejects.toMatchObject({
      code: "ERR_TEST_NOT_PASSED",
      message:
        "Cannot send request: nginx answers GET /a%zz with 400 itself, and the application never gets it",
      place: expect.stringContaining("behind.test.ts"),
    });
    const mounted = { server: "h2o", mount: "/app" } as const;
    await expect(application.respond("/other", { behind: mounted })).rejects.toThrow(
      "h2o answers GET /other with 404",
    );
  });
});

describe("a question behind a Web server", () => {
  test.each(authorizingServers)("is decided behind %s", async (server) => {
    const application = await startPages({ bridges: {} });
    const password = { headers: { Authorization: "Basic YWRhOmxvdmVsYWNl" } };
    const asks = ["apache-authnz-basic", "apache-authnz-require"].includes(server);
    const behind = { server, passesAuthorization: true };
    expect(await application.authorize("/members/", { behind, ...(asks && password) })).toDeny(401);
    if (asks) return;
    const allowed = await application.authorize("/members/", { behind, ...member });
    expect(allowed).toSetVariable("AUTH_USER", "Zoë");
  });

  test("of nginx is one of auth_request in the responder role, whose denials are 401 or 403", async () => {
    const application = await startPages();
    const redirected = { status: 401, headers: { "Tricorn-Location": "/log-in", Location: null } };
    expect(await application.authorize("/members/moved", { behind: "nginx" })).toReplyWith(redirected);
    expect(await application.authorize("/members/moved", { behind: "lighttpd" })).toReplyWith({
      status: 302,
      headers: { Location: "/log-in" },
    });
  });

  test("has no Authorization if the server withholds it, and the message says so", async () => {
    const answer = await (
      await startPages()
    ).authorize("/members/", { behind: "apache-fcgid-access", ...member });
    expect(() => expect(answer).toAllow()).toThrow(
      'Note: apache-fcgid-access passes Authorization on only if it is configured for it: { server: "apache-fcgid-access", passesAuthorization: true }',
    );
  });

  test("is refused if the server asks for a password itself", async () => {
    const application = await startPages();
    await expect(application.authorize("/members/", { behind: "apache-authnz-basic" })).rejects.toThrow(
      "apache-authnz-basic answers GET /members/ with 401 itself",
    );
  });
});

test.each([
  [
    "respond",
    "ngnix",
    /^Cannot send request behind "ngnix": there is no such Web server; use one of nginx, apache-proxypass,/,
  ],
  ["respond", "apache-authnz-basic", /: it only asks authorizers; use one of nginx, /],
  ["authorize", "caddy", /: it asks no authorizer; use one of nginx, apache-authnz-basic, /],
] as const)("%s refuses %s", async (method, behind, message) => {
  const application = await startPages();
  const error = expect.objectContaining({
    code: "ERR_TEST_WEB_SERVER",
    message: expect.stringMatching(message),
    place: expect.stringContaining("behind.test.ts"),
  });
  await expect(application[method]("/members/", Object({ behind }))).rejects.toEqual(error);
});

test("a misspelt option of behind is refused", async () => {
  const behind = Object({ server: "nginx", mont: "/app" });
  await expect((await startPages()).respond("/hello", { behind })).rejects.toThrow("did you mean mount?");
});
