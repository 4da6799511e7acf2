import { z } from "zod";

import { Body, Header, Path, Query, Req, Signal } from "../../src/decorators/bind.js";
import { Responder } from "../../src/decorators/role.js";
import { Get, Post } from "../../src/decorators/route.js";
import { Use } from "../../src/decorators/use.js";
import { reply } from "../../src/roles/reply.js";

const Id = z.coerce.number();
const NewBook = z.object({ title: z.string() });

@Responder("/")
export class Bindings {
  @Get("/schema-output/:id")
  // @ts-expect-error the schema yields a number
  output(@Path("id", Id) id: string) {
    return id;
  }

  @Get("/no-schema/:id")
  // @ts-expect-error without a schema a segment is a string
  segment(@Path("id") id: number) {
    return id;
  }

  @Get("/absent")
  // @ts-expect-error a header can be absent
  header(@Header("x-key") key: string) {
    return key;
  }

  @Get("/optional")
  // @ts-expect-error the schema can yield undefined
  optional(@Query("n", Id.optional()) n: number) {
    return n;
  }

  @Post("/body")
  // @ts-expect-error the body has no member "name"
  body(@Body(NewBook) book: { name: string }) {
    return book;
  }

  @Post("/bytes")
  // @ts-expect-error bytes are not text
  bytes(@Body.bytes() bytes: string) {
    return bytes;
  }

  @Post("/stream")
  // @ts-expect-error a stream is not a Buffer
  stream(@Body.stream() stream: Buffer) {
    return stream;
  }

  @Get("/signal")
  // @ts-expect-error a signal is not a controller
  signal(@Signal() signal: AbortController) {
    return signal;
  }

  @Get("/request")
  // @ts-expect-error the request is not a web Request
  request(@Req() request: Request) {
    return request;
  }

  @Get("/second")
  // @ts-expect-error the second parameter is a boolean, the first may be any
  second(@Query("a") a: string | undefined, @Query("b") b: boolean) {
    return { a, b };
  }

  @Get("/private")
  // @ts-expect-error a private method cannot be called by the framework
  private hidden(@Query("a") a: string | undefined) {
    return a;
  }
}

@Responder()
export class Schemas {
  @Get("/n")
  // @ts-expect-error text is never a number: z.coerce.number() is meant
  number(@Query("n", z.number()) n: number) {
    return n;
  }

  @Get("/query")
  // @ts-expect-error neither is a member of the query
  query(@Query(z.object({ page: z.number() })) query: { page: number }) {
    return query;
  }

  @Get("/list")
  // @ts-expect-error nor an item of a list
  list(@Query("n", z.array(z.number())) n: number[]) {
    return n;
  }

  @Get("/flag")
  // @ts-expect-error text is never a boolean: z.stringbool() is meant
  flag(@Header("x-flag", z.boolean().default(false)) flag: boolean) {
    return flag;
  }
}

@Responder()
export class Routes {
  // @ts-expect-error a property is not a handler
  @Get("/property")
  property = "text";

  // @ts-expect-error neither is a function in a property
  @Get("/arrow")
  arrow = () => "text";

  // @ts-expect-error nor a getter
  @Get("/getter")
  get getter() {
    return "text";
  }

  // @ts-expect-error a static method has no instance
  @Get("/static")
  static shared() {
    return "text";
  }

  // @ts-expect-error a bigint has no form on the wire
  @Get("/bigint")
  bigint() {
    return 1n;
  }

  // @ts-expect-error a route is not a decorator for parameters
  parameter(@Get("/parameter") text: string) {
    return text;
  }

  // @ts-expect-error the option is called "type"
  @Get("/option", { contentType: "text/csv" })
  option() {
    return "text";
  }

  // @ts-expect-error middleware is a function
  @Use("log")
  @Get("/use")
  use() {
    return "text";
  }
}

export class Constructed {
  // @ts-expect-error a constructor parameter is injected, not bound
  constructor(@Query("q") readonly q: string | undefined) {}
}

// @ts-expect-error an abstract class has no instances
@Responder()
export abstract class Abstract {}

// @ts-expect-error the scopes are "singleton" and "request"
@Responder("/", { scope: "session" })
export class Scoped {}

// @ts-expect-error a bigint has no form on the wire
reply(1n);
// @ts-expect-error neither has a symbol
reply(Symbol("x"));

class Handlers {
  show(id: number) {
    return id;
  }
}

Path("id", Id)(Handlers.prototype, "show", 0);
// @ts-expect-error there is no second parameter
Path("id", Id)(Handlers.prototype, "show", 1);
// @ts-expect-error there is no such method
Path("id", Id)(Handlers.prototype, "list", 0);
