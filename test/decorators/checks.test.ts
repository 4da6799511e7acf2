import { describe, expect, test } from "vitest";
import { z } from "zod";

import { Body, Cookie, Path, Query, Req } from "../../src/decorators/bind.js";
import { Authorizer, Filter, Responder } from "../../src/decorators/role.js";
import { All, Get, Post, Route } from "../../src/decorators/route.js";
import { Use } from "../../src/decorators/use.js";
import { AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import { FilterRequest } from "../../src/roles/filter-request.js";
import { allow } from "../../src/roles/verdict.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { applicationOf, refusalOf } from "./support.js";

function refusal(...controllers: Parameters<typeof applicationOf>[0]): string {
  return refusalOf(() => applicationOf(controllers));
}

class Anything {}
/** Decorates like the compiler, also what it would refuse. */
const apply = (decorator: unknown, ...args: unknown[]): void =>
  (decorator as (...args: unknown[]) => void)(...args);

describe("a controller is refused", () => {
  test("without a role", () => {
    class NoRole {}
    expect(refusal(NoRole)).toBe(
      "ERR_ROLE_MISSING: Cannot compile NoRole: it has no role; decorate it with @Responder, @Authorizer or @Filter",
    );
  });

  test("if only its base class has a role", () => {
    @Responder()
    class Base {
      @Get("/")
      get() {
        return "x";
      }
    }
    class Derived extends Base {}
    expect(refusal(Derived)).toContain(
      "ERR_ROLE_MISSING: Cannot compile Derived: it has no role, and the role of Base",
    );
  });

  test("with two roles", () => {
    @Responder()
    @Authorizer()
    class Both {
      authorize() {
        return allow();
      }
    }
    expect(refusal(Both)).toContain(
      "ERR_ROLE_TWICE: Cannot compile Both: it has both @Responder and @Authorizer",
    );
  });

  test("if it is listed twice, is an instance, or is not a class", () => {
    @Responder()
    class Twice {
      @Get()
      get() {
        return "x";
      }
    }
    expect(refusal(Twice, Twice)).toContain("ERR_CONTROLLER_TWICE: Cannot compile Twice");
    expect(refusal(new Twice() as never)).toContain(
      "ERR_CONTROLLER: Cannot compile controllers: item 1 of the list is an instance of Twice, not a class",
    );
    expect(refusal((() => "x") as never)).toContain(
      "ERR_CONTROLLER: Cannot compile controllers: item 1 of the list is an unnamed function",
    );
    expect(refusal(undefined as never)).toContain(
      "ERR_CONTROLLER: Cannot compile controllers: item 1 of the list is undefined, not a class",
    );
  });

  test("without a route", () => {
    @Responder("/empty")
    class Empty {}
    expect(refusal(Empty)).toContain(
      "ERR_ROLE_EMPTY: Cannot compile Empty: it has no route; decorate a method",
    );
  });

  test("without its method, in code compiled without types", () => {
    class Misspelt {
      authorise() {
        return allow();
      }
    }
    apply(Authorizer(), Misspelt);
    expect(refusal(Misspelt)).toContain(
      "ERR_ROLE_MEMBER: Cannot compile Misspelt: @Authorizer needs a method authorize, which the class does not have",
    );
    class NoFilter {}
    apply(Filter("*.txt"), NoFilter);
    expect(refusal(NoFilter)).toContain(
      "ERR_ROLE_MEMBER: Cannot compile NoFilter: @Filter needs a method filter, which the class does not have",
    );
  });

  test("with a filter or authorizer whose globs are empty", () => {
    @Filter([])
    class NoGlob {
      filter() {
        return "x";
      }
    }
    expect(refusal(NoGlob)).toContain("ERR_GLOB: Cannot compile NoGlob: @Filter has no glob");
    @Authorizer("")
    class EmptyGlob {
      authorize() {
        return allow();
      }
    }
    expect(refusal(EmptyGlob)).toContain('ERR_GLOB: Cannot compile EmptyGlob: "" is not a glob');
  });

  test.each([
    ["REMOTE_ADDR", 'Gate: its variables include "REMOTE_ADDR", which the Web server sets'],
    ["HTTP_X_USER", 'Gate: its variables include "HTTP_X_USER", which the Web server sets'],
    ["AUTH-USER", 'Gate: its variables include "AUTH-USER", which is not a variable name'],
    ["", 'Gate: its variables include "", which is not a variable name'],
    [7, "Gate: its variables include 7, which is not a variable name"],
  ])("with an authorizer that declares the variable %j", (variable, fact) => {
    @Authorizer({ variables: ["AUTH_USER", variable as string] })
    class Gate {
      authorize() {
        return allow();
      }
    }
    expect(refusal(Gate)).toContain(`ERR_VARIABLE_NAME: Cannot compile ${fact}`);
  });

  test("with an authorizer whose variables are one text, whose letters would be names", () => {
    @Authorizer({ variables: "AUTH_USER" as unknown as string[] })
    class Gate {
      authorize() {
        return allow();
      }
    }
    expect(refusal(Gate)).toContain("ERR_VARIABLE_NAME: Cannot compile Gate: its variables are not a list");
  });

  test("with middleware around an authorizer", () => {
    @Use((_request, next) => next())
    @Authorizer()
    class Wrapped {
      authorize() {
        return allow();
      }
    }
    expect(refusal(Wrapped)).toContain(
      "ERR_MIDDLEWARE: Cannot compile Wrapped: an authorizer takes no middleware",
    );
  });
});

describe("a route is refused", () => {
  @Responder("/books")
  class Books {
    @Get("/:id")
    show(@Path("id") id: string) {
      return id;
    }
  }

  test.each([
    ["/books/:id?", "/books"],
    ["/books/", "/books/:id?"],
    ["/books", "/b%6Foks/"],
  ])("that another route has, with or without an optional segment: %s and %s", (first, second) => {
    @Responder()
    class Two {
      @Get(first)
      one() {
        return "x";
      }
      @Get(second)
      two() {
        return "x";
      }
    }
    expect(refusal(Two)).toBe(
      `ERR_ROUTE_TWICE: Cannot route GET ${second} to Two.two: Two.one already answers GET ${first}; ` +
        "change the path or the method of one of them",
    );
  });

  test("that another controller has, with any name for its segment", () => {
    @Responder()
    class Shelves {
      @Get("/books/:number/")
      one(@Path("number") number: string) {
        return number;
      }
    }
    expect(refusal(Books, Shelves)).toBe(
      "ERR_ROUTE_TWICE: Cannot route GET /books/:number/ to Shelves.one: Books.show already answers GET /books/:id; " +
        "change the path or the method of one of them",
    );
  });

  test("that the same class has twice, or a definition without decorators has", () => {
    @Responder()
    class Same {
      @Get("/a")
      one() {
        return "1";
      }

      @Get("/a")
      two() {
        return "2";
      }
    }
    expect(refusal(Same)).toContain("Cannot route GET /a to Same.two: Same.one already answers GET /a");
    const routes = [{ method: "GET", path: "/books/:x", name: "plain", handle: () => "x" }];
    const definitions = [{ kind: "responder", name: "plain", routes }] as const;
    expect(refusalOf(() => applicationOf([Books], { definitions }))).toContain(
      "to plain: Books.show already answers",
    );
  });

  test("unless its method differs, or it is static beside a captured one", () => {
    @Responder("/books")
    class More {
      @Post("/:id")
      post(@Path("id") id: string) {
        return id;
      }

      @Get("/new")
      fresh() {
        return "new";
      }
    }
    expect(refusal(Books, More)).toBe("nothing was refused");
  });

  test.each([
    ["books", 'it does not start with "/"'],
    ["/a?b=1", "it has a query"],
    ["/a?", "it has a query or a fragment"],
    ["/a#b", "it has a query or a fragment"],
    ["/a b", "white space; write %20 for a space"],
    ["/a%E4", "is not UTF-8"],
    ["/a%ff%fe/b", "is not UTF-8"],
    ["/a%00", "NUL"],
    ["/a%2a", "which only a captured segment"],
    ["/a%2Fb", "which only a captured segment"],
    ["/a%2fb/:x", "which only a captured segment"],
    ["/a%3F", "which only a captured segment"],
    ["/a%23b", "which only a captured segment"],
    ["/:a%20b", 'the name of a captured segment has a "%"'],
    ["/a//b", "an empty segment or a dot segment"],
    ["/a/./b", "an empty segment or a dot segment"],
    ["/a/%2e%2E/b", "an empty segment or a dot segment"],
    ["/*/b", "Wildcard must be the last character"],
    ["/:id/:id", 'two segments are captured as "id"'],
    ["/:", "captured without a name"],
    ["/:a(", "Invalid regexp"],
  ])("with the path %s", (path, fact) => {
    @Responder()
    class Odd {
      @Get(path)
      get() {
        return "x";
      }
    }
    const told = refusal(Odd);
    expect(told).toContain(`ERR_ROUTE_PATH: Cannot route GET ${path} to Odd.get: `);
    expect(told).toContain(fact);
  });

  test("if two routes differ only in their encoding", () => {
    @Responder("/z%C3%BCrich")
    class Encoded {
      @Get("/@me")
      get() {
        return "x";
      }
    }
    @Responder("/zürich")
    class Plain {
      @Get("/%40me")
      get() {
        return "x";
      }
    }
    expect(refusal(Encoded, Plain)).toBe(
      "ERR_ROUTE_TWICE: Cannot route GET /zürich/%40me to Plain.get: Encoded.get already answers GET /z%C3%BCrich/@me; " +
        "change the path or the method of one of them",
    );
  });

  test("with a prefix that is not a path", () => {
    @Responder("books")
    class Prefixed {
      @Get()
      get() {
        return "x";
      }
    }
    expect(refusal(Prefixed)).toContain(
      'ERR_ROUTE_PATH: Cannot compile Prefixed: its prefix "books" does not start',
    );
  });

  test("with a method unknown to HTTP", () => {
    class Methods {
      get() {
        return "x";
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Methods.prototype, "get")!;
    const decorate = () => Route("FETCH", "/")(Methods.prototype, "get", descriptor);
    expect(refusalOf(decorate)).toBe(
      'ERR_ROUTE_METHOD: Cannot route to Methods.get: "FETCH" is not an HTTP method',
    );
  });

  test("with a star for every method, which @All is for", () => {
    class Methods {
      get() {
        return "x";
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Methods.prototype, "get")!;
    expect(refusalOf(() => Route("*", "/")(Methods.prototype, "get", descriptor))).toBe(
      'ERR_ROUTE_METHOD: Cannot route to Methods.get: "*" is not an HTTP method; use @All for every method',
    );
  });

  test("twice for every method at one path, but not beside one of a method", () => {
    @Responder()
    class Twice {
      @All("/a/:x")
      one() {
        return "x";
      }

      @All("/a/:y")
      other() {
        return "y";
      }
    }
    expect(refusal(Twice)).toContain(
      "ERR_ROUTE_TWICE: Cannot route * /a/:y to Twice.other: Twice.one already answers * /a/:x",
    );

    @Responder()
    class Beside {
      @All("/a/:x")
      one() {
        return "x";
      }

      @Get("/a/:y")
      other() {
        return "y";
      }
    }
    expect(refusal(Beside)).toBe("nothing was refused");
  });

  test("with a status or media type that cannot be sent", () => {
    @Responder()
    class Status {
      @Get("/", { status: 99 })
      get() {
        return "x";
      }
    }
    expect(refusal(Status)).toContain("ERR_ROUTE_REPLY: Cannot route GET / to Status.get: its status is 99");
    @Responder()
    class Type {
      @Get("/", { type: "text/plain\r\nX: y" })
      get() {
        return "x";
      }
    }
    expect(refusal(Type)).toContain("ERR_ROUTE_REPLY: Cannot route GET / to Type.get:");
  });

  test("in a class with another role", () => {
    class Gate {
      authorize() {
        return allow();
      }

      @Get("/")
      page() {
        return "x";
      }
    }
    apply(Authorizer(), Gate);
    expect(refusal(Gate)).toContain(
      'ERR_ROUTE_ROLE: Cannot compile Gate.page: it has @Get("/"), but @Authorizer only calls authorize',
    );
  });

  test("on a member that is not a method", () => {
    expect(refusalOf(() => apply(Get("/"), Anything, "name"))).toContain(
      "ERR_DECORATOR_TARGET: Cannot apply @Get to static Anything.name: make it an instance method",
    );
    expect(refusalOf(() => apply(Get("/"), Anything.prototype, "name"))).toContain(
      "ERR_DECORATOR_TARGET: Cannot apply @Get to Anything.name, which is not a method",
    );
  });
});

describe("a parameter is refused", () => {
  test("bound to a segment that a route of its method lacks", () => {
    @Responder("/books")
    class Lacks {
      @Get("/:id")
      @Get("/by/:isbn")
      show(@Path("id") id: string) {
        return id;
      }
    }
    expect(refusal(Lacks)).toBe(
      'ERR_BINDING_PATH: Cannot bind @Path("id") of Lacks.show: its route GET /books/by/:isbn captures only "isbn"; ' +
        "use a name from the path",
    );
  });

  test("bound to an optional segment without a schema that accepts undefined", () => {
    @Responder()
    class Sometimes {
      @Get("/books/:id?")
      show(@Path("id") id: string) {
        return id;
      }
    }
    expect(refusal(Sometimes)).toContain("captures it only sometimes; add a schema that accepts undefined");
    @Responder()
    class Said {
      @Get("/books/:id?")
      show(@Path("id", z.string().optional()) id?: string) {
        return id;
      }
    }
    expect(refusal(Said)).toBe("nothing was refused");
  });

  test("without a binding decorator, with or without a default", () => {
    @Responder()
    class Bare {
      @Get("/")
      get(request: ResponderRequest) {
        return request.path;
      }
    }
    expect(refusal(Bare)).toBe(
      "ERR_BINDING_MISSING: Cannot call Bare.get: parameter 0 has no binding decorator; add one, such as @Path, " +
        "@Query, @Body, or @Req for the request itself",
    );
    @Responder()
    class Default {
      @Get("/")
      get(@Req() request: ResponderRequest, now = 1) {
        return `${request.path}${now}`;
      }
    }
    expect(refusal(Default)).toContain("Cannot call Default.get: parameter 1 has no binding decorator");
  });

  test("with two binding decorators", () => {
    @Responder()
    class Two {
      @Get("/")
      get(@Query("a") @Query("b") a: string | undefined) {
        return a;
      }
    }
    expect(refusal(Two)).toContain(
      'ERR_BINDING_TWICE: Cannot call Two.get: parameter 0 has both @Query("a") and',
    );
  });

  test.each([
    ["a plain object", { name: "string" }],
    ["a schema of zod 3", { _def: { typeName: "ZodObject" }, parse: () => undefined }],
    ["null", null],
    ["undefined", undefined],
  ])("whose schema is %s", (_what, schema) => {
    @Responder()
    class Bodies {
      @Post("/")
      post(@Body(schema as unknown as z.ZodType<object>) body: object) {
        return body;
      }
    }
    expect(refusal(Bodies)).toContain(
      "ERR_BINDING_SCHEMA: Cannot call Bodies.post: the schema of @Body for parameter 0 is not a schema of zod 4; import",
    );
    @Responder()
    class Paths {
      @Get("/:id")
      get(@Path("id", (schema ?? "") as unknown as z.ZodType<string>) id: string) {
        return id;
      }
    }
    expect(refusal(Paths)).toContain(
      'ERR_BINDING_SCHEMA: Cannot call Paths.get: the schema of @Path("id") for parameter 0 is not',
    );
  });

  test("that reads the body a second time", () => {
    @Responder()
    class Bodies {
      @Post("/")
      post(@Body.text() text: string, @Body(z.object({})) body: object) {
        return [text, body];
      }
    }
    expect(refusal(Bodies)).toContain(
      "ERR_BINDING_BODY: Cannot call Bodies.post: a body can be read once, and @Body.text",
    );
  });

  test("of a method that has no route", () => {
    @Responder()
    class Forgotten {
      @Get("/")
      get() {
        return "x";
      }

      list(@Query("q") q: string | undefined) {
        return q;
      }
    }
    expect(refusal(Forgotten)).toContain(
      'ERR_ROUTE_MISSING: Cannot compile Forgotten.list: it has @Query("q") but no route',
    );
  });

  test("of an authorizer or filter, bound to what its role does not have", () => {
    @Authorizer()
    class Captures {
      authorize(_request: AuthorizerRequest, @Path("id") id: string) {
        return id === "" ? allow() : allow();
      }
    }
    expect(refusal(Captures)).toContain(
      'ERR_BINDING_ROLE: Cannot call Captures.authorize: @Path("id") has no value for parameter 1: only the route of a responder captures segments; use the path of the request',
    );
    @Authorizer()
    class Reads {
      authorize(_request: AuthorizerRequest, @Body.text() text: string) {
        return text === "" ? allow() : allow();
      }
    }
    expect(refusal(Reads)).toContain(
      "@Body.text has no value for parameter 1: an authorizer receives no body (section 6.3); remove this parameter",
    );
    @Filter("*")
    class Again {
      filter(_request: FilterRequest, @Req() request: object) {
        return request instanceof FilterRequest ? "x" : "y";
      }
    }
    expect(refusal(Again)).toContain(
      "@Req has no value for parameter 1: the first parameter already is the request; remove this one",
    );
    @Authorizer()
    class Unbound {
      authorize(_request: AuthorizerRequest, @Cookie("s") session: string | undefined, more: string) {
        return session === more ? allow() : allow();
      }
    }
    expect(refusal(Unbound)).toContain("ERR_BINDING_MISSING: Cannot call Unbound.authorize: parameter 2");
  });
});
