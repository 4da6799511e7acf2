import { describe, expect, test } from "vitest";

import { Cookie, Header, Path, Query, Req } from "../../src/decorators/bind.js";
import { compileControllers } from "../../src/decorators/compile.js";
import { createContainer } from "../../src/decorators/container.js";
import { Authorizer, Filter, Responder } from "../../src/decorators/role.js";
import { All, Delete, Get, Post, Route } from "../../src/decorators/route.js";
import { Use } from "../../src/decorators/use.js";
import { AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import type { RouteDefinition } from "../../src/roles/definitions.js";
import { FilterRequest } from "../../src/roles/filter-request.js";
import type { Middleware } from "../../src/roles/middleware.js";
import { allow, deny, type Verdict } from "../../src/roles/verdict.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { applicationOf, ask, authorize, filter } from "./support.js";

describe("a responder", () => {
  @Responder("/books/")
  class Books {
    readonly #title = "Emma";

    @Get("/")
    list() {
      return [this.#title];
    }

    @Get("/:id")
    @Delete("/:id")
    show(@Path("id") id: string) {
      return `${this.#title} ${id}`;
    }

    @Post("/", { status: 201, type: "text/plain" })
    async add() {
      return "added";
    }

    @Route("purge", "/cache")
    purge(): void {}
  }
  const application = applicationOf([Books]);

  test("answers below its prefix, and its root at the prefix itself", async () => {
    expect((await ask(application, "/books")).json()).toEqual(["Emma"]);
    expect((await ask(application, "/books/")).json()).toEqual(["Emma"]);
    expect((await ask(application, "/books/7")).text).toBe("Emma 7");
    expect((await ask(application, "/books/7", { method: "DELETE" })).text).toBe("Emma 7");
    expect((await ask(application, "/books/cache", { method: "PURGE" })).status).toBe(204);
  });

  test("answers every method with @All that no other route answers, never 405", async () => {
    @Responder("/hooks")
    class Hooks {
      @All("/:name", { status: 202 })
      any(@Req() { method, pathParams }: ResponderRequest) {
        return `${method} ${pathParams["name"]}`;
      }

      @Get("/:id")
      get(@Path("id") id: string) {
        return `got ${id}`;
      }
    }
    const hooks = applicationOf([Hooks]);
    const answers = await Promise.all(
      ["GET", "HEAD", "POST", "OPTIONS", "PROPFIND", "MADE-UP"].map(async (method) => {
        const { status, text } = await ask(hooks, "/hooks/a", { method });
        return [method, status, text];
      }),
    );
    expect(answers).toEqual([
      ["GET", 200, "got a"],
      ["HEAD", 200, ""],
      ["POST", 202, "POST a"],
      ["OPTIONS", 202, "OPTIONS a"],
      ["PROPFIND", 202, "PROPFIND a"],
      ["MADE-UP", 202, "MADE-UP a"],
    ]);
    expect((await ask(hooks, "/hooks", { method: "POST" })).status).toBe(404);
    expect(hooks.description.responders[0]!.routes[0]).toEqual({
      method: "*",
      path: "/hooks/:name",
      streams: false,
    });
  });

  test("passes on the status and media type of its route", async () => {
    const { status, headers } = await ask(application, "/books", { method: "POST" });
    expect([status, headers.get("content-type")]).toEqual([201, "text/plain"]);
  });

  test("describes itself", () => {
    expect(application.description.responders).toEqual([
      {
        name: "Books",
        routes: [
          { method: "GET", path: "/books", streams: false },
          { method: "GET", path: "/books/:id", streams: false },
          { method: "DELETE", path: "/books/:id", streams: false },
          { method: "POST", path: "/books", streams: false },
          { method: "PURGE", path: "/books/cache", streams: false },
        ],
      },
    ]);
  });

  test("reports which of its routes stream: generators, and declared ones", () => {
    @Responder()
    class Streams {
      @Get("/rows")
      *rows() {
        yield "row";
      }

      @Get("/ticks")
      async *ticks() {
        yield "tick";
      }

      @Get("/few", { streams: false })
      *few() {
        yield "one";
      }

      @Get("/file", { streams: true })
      @Get("/copy")
      file() {
        return "a stream";
      }
    }
    const [streams] = applicationOf([Streams]).description.responders;
    expect(Object.fromEntries(streams!.routes.map(({ path, streams }) => [path, streams]))).toEqual({
      "/rows": true,
      "/ticks": true,
      "/few": false,
      "/file": true,
      "/copy": false,
    });
  });

  test("has the routes of its base class, called on itself, unless it decorates them again", async () => {
    abstract class Base {
      protected abstract readonly kind: string;

      @Get("/kind")
      show() {
        return this.kind;
      }

      @Get("/overridden")
      overridden(@Query("q") q: string | undefined) {
        return `base ${q}`;
      }

      @Get("/redecorated")
      redecorated() {
        return "base";
      }
    }
    @Responder("/derived")
    class Derived extends Base {
      protected readonly kind = "derived";

      override overridden(q: string | undefined) {
        return `derived ${q}`;
      }

      @Get("/elsewhere")
      override redecorated() {
        return "derived";
      }
    }
    @Responder("/other")
    class Other extends Base {
      protected readonly kind = "other";
    }
    const inherited = applicationOf([Derived, Other]);
    expect((await ask(inherited, "/derived/kind")).text).toBe("derived");
    expect((await ask(inherited, "/other/kind")).text).toBe("other");
    expect((await ask(inherited, "/derived/overridden?q=1")).text).toBe("derived 1");
    expect((await ask(inherited, "/derived/elsewhere")).text).toBe("derived");
    expect((await ask(inherited, "/derived/redecorated")).status).toBe(404);
    expect((await ask(inherited, "/other/redecorated")).text).toBe("base");
  });

  test("has handlers that remain plain methods", () => {
    expect(new Books().show("1")).toBe("Emma 1");
  });
});

describe("a compiled call", () => {
  @Responder()
  class Calls {
    @Get("/none")
    none(...args: unknown[]) {
      return args.length;
    }

    @Get("/one/:id")
    one(@Path("id") id: string) {
      return id;
    }

    @Get("/two/:id")
    two(@Path("id") id: string, @Header("x") x: string | undefined) {
      return [id, x];
    }
  }

  test("returns no promise if nothing is asynchronous", () => {
    class Plain {
      @Get("/plain")
      plain() {
        return this instanceof Plain;
      }
    }
    Responder()(Plain);
    const routes = compileControllers([Plain], { container: createContainer() }).definitions.flatMap(
      (definition) => (definition.kind === "responder" ? definition.routes : []),
    );
    expect(routes.map(({ handle }: RouteDefinition) => handle({} as ResponderRequest))).toEqual([true]);
  });

  test("refuses a rest parameter, which no decorator can fill", () => {
    expect(() => applicationOf([Calls])).toThrow(
      "Cannot call Calls.none: parameter 0 has no binding decorator",
    );
  });

  test("passes what was bound, in order, without a promise", () => {
    class Bound {
      @Get("/one/:id")
      one(@Path("id") id: string) {
        return id;
      }

      @Get("/two/:id")
      two(@Path("id") id: string, @Header("x") x: string | undefined) {
        return [id, x];
      }
    }
    Responder()(Bound);
    const [definition] = compileControllers([Bound], { container: createContainer() }).definitions;
    const request = {
      pathParams: { id: "7" },
      headers: new Map([["x", "y"]]),
    } as unknown as ResponderRequest;
    const routes = definition?.kind === "responder" ? definition.routes : [];
    expect(routes.map(({ handle }) => handle(request))).toEqual(["7", ["7", "y"]]);
  });
});

describe("an authorizer", () => {
  @Authorizer("/members/**")
  class Gate {
    async authorize({ path }: AuthorizerRequest, @Cookie("key") key: string | undefined): Promise<Verdict> {
      return key === "right" ? allow({ PATH_SEEN: path }) : deny(403);
    }
  }
  const application = applicationOf([Gate]);

  test("receives the request, followed by what is bound", async () => {
    const answer = await authorize(application, "/members/a", { headers: { cookie: "key=right" } });
    expect([answer.allowed, answer.variables]).toEqual([true, { PATH_SEEN: "/members/a" }]);
    expect((await authorize(application, "/members/a")).status).toBe(403);
  });

  test("decides only about its globs, and undecided paths are denied", async () => {
    expect((await authorize(application, "/public", { headers: { cookie: "key=right" } })).status).toBe(403);
    expect(application.description.authorizers).toEqual([{ name: "Gate", paths: ["/members/**"] }]);
  });

  test("denies if a binding fails, or the return value is not a verdict", async () => {
    class True {
      authorize() {
        return true;
      }
    }
    (Authorizer() as unknown as (target: unknown) => void)(True);
    expect((await authorize(applicationOf([True]), "/")).status).toBe(500);
  });
});

describe("a filter", () => {
  const seen: string[] = [];
  const watch: Middleware = async (request, next) => {
    seen.push(request.route ?? "");
    return next();
  };

  @Use(watch)
  @Filter(["*.txt", "/docs/**"], { type: "text/x-numbered" })
  class Upper {
    async *filter({ data }: FilterRequest, @Header("x-suffix") suffix: string | undefined) {
      for await (const chunk of data) yield Buffer.from(chunk).toString().toUpperCase();
      yield suffix ?? "";
    }
  }
  const application = applicationOf([Upper]);

  test("transforms the file, with what is bound after the request, inside its middleware", async () => {
    const answer = await filter(application, "/a.txt", { data: "abc", headers: { "x-suffix": "!" } });
    expect([answer.text, answer.headers.get("content-type"), seen]).toEqual([
      "ABC!",
      "text/x-numbered",
      ["Upper"],
    ]);
  });

  test("describes itself", () => {
    expect(application.description.filters).toEqual([
      { name: "Upper", paths: ["*.txt", "/docs/**"], type: "text/x-numbered" },
    ]);
  });
});

describe("middleware", () => {
  const order: string[] = [];
  const note =
    (name: string): Middleware =>
    async (_request, next) => {
      order.push(name);
      const answer = await next();
      order.push(`/${name}`);
      return answer;
    };

  @Use(note("base"))
  class Base {}

  @Use(note("class 1"), note("class 2"))
  @Use(note("class 3"))
  @Responder()
  class Wrapped extends Base {
    @Get("/")
    @Use(note("method"))
    get() {
      order.push("handler");
      return "x";
    }
  }

  test("runs from the application inward, in the order of declaration", async () => {
    await ask(applicationOf([Wrapped], { middleware: [note("application")] }), "/");
    const inward = ["application", "base", "class 1", "class 2", "class 3", "method"];
    expect(order).toEqual([...inward, "handler", ...inward.toReversed().map((name) => `/${name}`)]);
  });

  test("is refused if it is not a function", () => {
    expect(() => Use("log" as never)).toThrow("Cannot apply @Use: log is not a function");
  });
});
