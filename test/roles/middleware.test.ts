import { describe, expect, test } from "vitest";

import type { Definition } from "../../src/roles/definitions.js";
import { HttpError } from "../../src/http/http-error.js";
import type { Middleware } from "../../src/roles/middleware.js";
import { reply, type ReplyBody } from "../../src/roles/reply.js";
import { deny } from "../../src/roles/verdict.js";
import { filter, get } from "../support/records.js";
import { serveDefinitions } from "../support/served.js";

const calls: string[] = [];

function noting(name: string): Middleware {
  return async (_request, next) => {
    calls.push(`${name} in`);
    const answer = await next();
    calls.push(`${name} out ${answer.status}`);
    answer.headers.append("X-Passed", name);
    return answer;
  };
}

function route(middleware: readonly Middleware[], handle: () => unknown, type?: string): Definition {
  return {
    kind: "responder",
    name: "T",
    routes: [{ method: "GET", path: "/", name: "T.t", handle, middleware, type }],
  };
}

async function ask(definitions: readonly Definition[], middleware: readonly Middleware[] = [], target = "/") {
  calls.length = 0;
  const { connect } = await serveDefinitions(definitions, { dispatcher: { middleware } });
  const peer = await connect();
  return peer.send(get(1, target)).answer(1);
}

describe("Middleware", () => {
  test("runs around the handler, the application's first, and may change the reply", async () => {
    const answer = await ask([route([noting("b"), noting("c")], () => "x", "a/b")], [noting("a")]);

    expect(calls).toEqual(["a in", "b in", "c in", "c out 200", "b out 200", "a out 200"]);
    expect(answer.head.match(/X-Passed: ./g)).toEqual(["X-Passed: c", "X-Passed: b", "X-Passed: a"]);
    expect(answer.header("Content-Type")).toBe("a/b");
  });

  test("may answer itself, with anything a handler may return", async () => {
    expect((await ask([route([() => ({ early: true })], () => "x")])).text).toBe('{"early":true}');
    expect((await ask([route([() => undefined], () => "x")])).status).toBe(204);
    expect((await ask([route([() => reply("no", { status: 403 })], () => "x")])).status).toBe(403);
    expect((await ask([route([async (_r, next) => (await next(), "other")], () => "x")])).text).toBe("other");
  });

  test.each<[string, () => ReplyBody, (number | string | undefined)[]]>([
    ["a Response", () => new Response("new", { status: 201, headers: { "X-A": "1" } }), [201, "new", "1"]],
    [
      "a reply",
      () => reply("new", { status: 202, type: "c/d", headers: { "X-A": "1" } }),
      [202, "new", "1", "c/d"],
    ],
    ["a denial", () => deny(403, { body: "new", headers: { "X-A": "1" } }), [403, "new", "1"]],
    ["a Blob", () => new Blob(["new"], { type: "c/d" }), [200, "new", undefined, "c/d"]],
  ])("may put any answer into the reply: %s", async (_name, make, expected) => {
    const replace: Middleware = async (_request, next) => {
      const answer = await next();
      answer.body = make();
      return answer;
    };
    const answer = await ask([route([noting("b"), replace], () => "old")]);
    expect(answer.head).toContain("X-Passed: b");
    const [status, text, field, type] = expected;
    expect([answer.status, answer.text, answer.header("X-A")]).toEqual([status, text, field]);
    if (type !== undefined) expect(answer.header("Content-Type")).toBe(type);
  });

  test("takes precedence over the answer that it puts into a reply", async () => {
    const replace: Middleware = async (_request, next) => {
      const answer = await next();
      answer.body = new Response("new", { status: 201, headers: { "X-A": "1", "X-B": "2" } });
      return answer;
    };
    const answer = await ask([
      route([replace], () => reply("old", { status: 404, headers: { "X-A": "3" } })),
    ]);
    expect([answer.status, answer.text, answer.header("X-A"), answer.header("X-B")]).toEqual([
      404,
      "new",
      "3",
      "2",
    ]);
  });

  test("sees what the handler throws, and may answer instead", async () => {
    const rescue: Middleware = async (_request, next) => {
      try {
        return await next();
      } catch (error) {
        return reply(`rescued ${(error as Error).message}`, { status: 418 });
      }
    };
    const failing = (): never => {
      throw new Error("broken");
    };
    expect(await ask([route([rescue], failing)])).toMatchObject({ status: 418, text: "rescued broken" });
    expect((await ask([route([noting("a")], failing)])).status).toBe(500);
    expect((await ask([route([failing], () => "x")])).status).toBe(500);
  });

  test("a second call of next is an error", async () => {
    const twice: Middleware = async (_request, next) => {
      await next();
      return next();
    };
    const answer = await ask([route([twice], () => "x")]);
    expect(answer.status).toBe(500);
    expect(answer.stderr).toContain("Cannot call next");
  });

  test("sees an HttpError as the reply that it becomes", async () => {
    const answer = await ask([
      route([noting("a")], () => {
        throw new HttpError(409, "Taken.");
      }),
    ]);
    expect(calls).toEqual(["a in", "a out 409"]);
    expect(answer.header("X-Passed")).toBe("a");
    expect(JSON.parse(answer.text)).toMatchObject({ detail: "Taken." });
  });

  test("of the application sees requests without a route", async () => {
    const rename: Middleware = async (_request, next) => {
      const { status } = await next();
      return reply("mine", { status });
    };
    const answer = await ask([route([], () => "x")], [rename], "/nowhere");
    expect(answer).toMatchObject({ status: 404, text: "mine" });
  });

  test("runs around filters too", async () => {
    const definitions: Definition[] = [
      {
        kind: "filter",
        name: "F",
        paths: ["*"],
        type: "text/x",
        middleware: [noting("b")],
        filter: ({ data }) => data,
      },
    ];
    calls.length = 0;
    const { connect } = await serveDefinitions(definitions, { dispatcher: { middleware: [noting("a")] } });
    const peer = await connect();
    const answer = await peer.send(filter(1, "/file", "content")).answer(1);

    expect(answer.text).toBe("content");
    expect(answer.header("Content-Type")).toBe("text/x");
    expect(calls).toEqual(["a in", "b in", "b out 200", "a out 200"]);
  });
});
