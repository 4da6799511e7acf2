import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { FastCgiClient } from "tricorn/client";
import { Role } from "tricorn/protocol";
import { describe, expect, test } from "vitest";

import { ExampleProcess, withExample } from "./support.js";

/** The params of a plain GET, with the other params of a Web server. */
function get(path: string, others: Record<string, string> = {}): Record<string, string> {
  return {
    REQUEST_METHOD: "GET",
    REQUEST_URI: path,
    SCRIPT_NAME: "",
    PATH_INFO: path,
    QUERY_STRING: "",
    ...others,
  };
}

test("hello.ts says hello", async () => {
  await withExample("hello.ts", async (client) => {
    const answer = await client.request({ params: get("/") });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("Hello from FastCGI");
  });
});

test("session-gate.ts admits the bearer of the token and names the user", async () => {
  await withExample("session-gate.ts", async (client) => {
    const ask = (token?: string) =>
      client.request({
        role: Role.Authorizer,
        params: get("/", token === undefined ? {} : { HTTP_AUTHORIZATION: token }),
      });

    const allowed = await ask("Bearer s3cret");
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get("Variable-AUTH_USER")).toBe("ada");
    expect(allowed.headers.get("Variable-AUTH_ROLE")).toBe("librarian");
    await allowed.bytes();

    for (const token of [undefined, "Bearer guess", "Basic s3cret", "Bearer"]) {
      const denied = await ask(token);
      expect(denied.status).toBe(401);
      expect(denied.headers.get("WWW-Authenticate")).toBe('Bearer realm="library"');
      expect(denied.headers.get("Variable-AUTH_USER")).toBeUndefined();
      await denied.bytes();
    }
  });
});

test("line-numbers.ts numbers the lines of a file", async () => {
  await withExample("line-numbers.ts", async (client) => {
    const data = "one\ntwo\r\n\nvier ä";
    const answer = await client.request({
      role: Role.Filter,
      params: get("/poem.txt", {
        FCGI_DATA_LENGTH: String(Buffer.byteLength(data)),
        FCGI_DATA_LAST_MOD: "0",
      }),
      data,
    });
    expect(answer.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    expect(await answer.text()).toBe("1\tone\n2\ttwo\n3\t\n4\tvier ä\n");
  });
});

test("logger-role.ts counts the lines of a log in a custom role", async () => {
  await withExample("logger-role.ts", async (client) => {
    const line = (status: number) => `::1 - ada [01/Apr/1996:12:00:00 +0000] "GET / HTTP/1.0" ${status} 42\n`;
    const stdin = [200, 404, 200, 200].map(line).join("") + "a line of another kind\n";
    const answer = await client.request({ role: 4, raw: true, params: {}, stdin });
    expect(await answer.text()).toBe("200\t3\n404\t1\nother\t1\n");
    expect(await answer.ended).toEqual({ applicationStatus: 0, protocolStatus: 0 });
  });
});

test("middleware.ts wraps handlers from the outside to the inside", async () => {
  await withExample("middleware.ts", async (client) => {
    const visit = async (path: string, others?: Record<string, string>) => {
      const answer = await client.request({ params: get(path, others) });
      const { headers } = answer;
      const fields = { cache: headers.get("Cache-Control"), timing: headers.get("Server-Timing") };
      return { status: answer.status, text: await answer.text(), ...fields };
    };
    const timing = expect.stringMatching(/^handler;dur=\d+\.\d$/) as unknown;

    expect(await visit("/")).toMatchObject({ status: 200, cache: "max-age=60", timing });
    expect(await visit("/stock")).toEqual({ status: 200, text: '{"hats":12}', cache: undefined, timing });
    const closed = { status: 503, text: "Closed until nine", cache: undefined, timing };
    expect(await visit("/", { HTTP_X_HOUR: "3" })).toEqual(closed);
    expect(await visit("/nowhere")).toMatchObject({ status: 404, cache: undefined });
  });
});

/** Visits an example, optionally with a JSON body. */
async function visit(
  client: FastCgiClient,
  path: string,
  body?: string,
  others: Record<string, string> = {},
) {
  const length = body === undefined ? {} : { CONTENT_LENGTH: String(Buffer.byteLength(body)) };
  const params = get(path, {
    ...(body !== undefined && { REQUEST_METHOD: "POST", CONTENT_TYPE: "application/json" }),
    ...length,
    ...others,
  });
  const answer = await client.request({ params, stdin: body ?? "" });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

test("express-app.ts serves an Express application, and a controller before it", async () => {
  await withExample("express-app.ts", async (client) => {
    const home = await visit(client, "/", undefined, { REMOTE_ADDR: "192.0.2.7" });
    expect(home).toMatchObject({ status: 200, text: "Hello from Express to 192.0.2.7" });
    expect(home.headers.get("Set-Cookie")).toBe("visited=yes; Path=/");
    expect((await visit(client, "/sum", "[1,2,3]")).text).toBe('{"sum":6}');
    expect((await visit(client, "/server", undefined, { SERVER_SOFTWARE: "nginx" })).text).toBe("nginx");
    expect((await visit(client, "/health")).text).toBe('{"healthy":true}');
    expect((await visit(client, "/nowhere")).status).toBe(404);
  });
});

test("hono-app.ts serves a Hono application below /api, and a controller beside it", async () => {
  await withExample("hono-app.ts", async (client) => {
    expect((await visit(client, "/api/hello/Ada")).text).toBe("Hello from Hono, Ada");
    expect(
      (await visit(client, "/api/me", undefined, { REMOTE_ADDR: "192.0.2.7", REMOTE_USER: "ada" })).text,
    ).toBe('{"user":null,"address":"192.0.2.7"}');
    expect((await visit(client, "/api/shout", "quiet")).text).toBe("QUIET");
    expect((await visit(client, "/")).text).toContain("<title>Home</title>");
    expect((await visit(client, "/hello/Ada")).status).toBe(404);
  });
});

describe("request-scope.ts", () => {
  async function transfer(client: FastCgiClient, body: object): Promise<{ status: number; answer: unknown }> {
    const stdin = JSON.stringify(body);
    const answer = await client.request({
      params: get("/transfers", {
        REQUEST_METHOD: "POST",
        CONTENT_TYPE: "application/json",
        CONTENT_LENGTH: String(Buffer.byteLength(stdin)),
      }),
      stdin,
    });
    return { status: answer.status, answer: JSON.parse(await answer.text()) };
  }

  test("gives each request its own transaction, and rolls back what was not committed", async () => {
    await withExample("request-scope.ts", async (client) => {
      expect(await transfer(client, { from: "ada", to: "grace", coins: 4 })).toEqual({
        status: 200,
        answer: { ada: 6, grace: 4 },
      });
      expect((await transfer(client, { from: "ada", to: "grace", coins: 100 })).status).toBe(409);
      expect((await transfer(client, { from: "ada", to: "grace", coins: 0 })).status).toBe(400);
      expect(await transfer(client, { from: "grace", to: "ada", coins: 1 })).toEqual({
        status: 200,
        answer: { ada: 7, grace: 3 },
      });
    });
  });
});

describe("npm start", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "prints its address, serves it, and ends with 0 at %s",
    async (signal) => {
      const library = new ExampleProcess("library/main.ts", { PORT: "0" });
      try {
        const [, url] = await library.line(
          /^Library: (http:\/\/127\.0\.0\.1:\d+\/) {2}\(user: ada, password: lovelace\)$/,
        );
        expect(await (await fetch(url!)).text()).toContain("The Members’ Library");
        const shelf = await fetch(new URL("members/shelf", url), {
          headers: { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` },
        });
        expect(await shelf.json()).toMatchObject({ member: "Ada Lovelace" });
        expect(await library.stop(signal)).toBe(0);
        expect(library.output.split("\n").slice(1)).toEqual([`Inspector: ${url}__tricorn`]);
      } finally {
        await library.stop("SIGKILL");
      }
    },
  );

  test("says that the port is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const library = new ExampleProcess("library/main.ts", { PORT: String(port) });
    try {
      await library.line(new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}`));
      await library.line(/PORT=8081 npm start/);
      expect(await library.ended).toBe(1);
    } finally {
      await library.stop("SIGKILL");
      other.close();
    }
  });
});
