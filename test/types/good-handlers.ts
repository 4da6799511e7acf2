import { z } from "zod";

import { Body, Cookie, Header, Path, Query, Req, Signal, Variable } from "../../src/decorators/bind.js";
import { Responder } from "../../src/decorators/role.js";
import { Delete, Get, Head, Options, Patch, Post, Put, Route } from "../../src/decorators/route.js";
import { Use } from "../../src/decorators/use.js";
import type { Middleware } from "../../src/roles/middleware.js";
import type { Part } from "../../src/body/part.js";
import { reply } from "../../src/roles/reply.js";
import { redirect } from "../../src/roles/verdict.js";
import type { RoleRequest } from "../../src/roles/request.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";

const Id = z.coerce.number().int().positive();
const Paging = z.object({ page: z.coerce.number().default(1), tag: z.array(z.string()).optional() });
type Paging = z.infer<typeof Paging>;
const NewBook = z.strictObject({ title: z.string(), year: z.number() });
type NewBook = z.infer<typeof NewBook>;

const both: Middleware = (_request, next) => next();
const responders: Middleware<ResponderRequest> = (request, next) =>
  request.pathParams["id"] ? next() : reply(null);

@Use(both)
@Responder("/books", { scope: "request" })
export class Books {
  @Get("/")
  text() {
    return "text";
  }

  @Get()
  async json() {
    return [{ id: 1 }];
  }

  @Post("/nothing")
  nothing(): void {}

  @Get("/bytes")
  bytes(@Query("as") as: string | undefined) {
    const memory = new ArrayBuffer(4);
    if (as === "blob") return new Blob(["x"]);
    if (as === "file") return reply(new File(["x"], "a"), { status: 201 });
    if (as === "form") return reply(new FormData());
    if (as === "view") return reply(new Uint16Array(memory));
    if (as === "shared") return reply(new SharedArrayBuffer(4));
    if (as === "query") return reply(new URLSearchParams({ a: "b" }));
    if (as === "response") return reply(new Response("x"), { headers: { "X-A": "b" } });
    if (as === "redirect") return reply(redirect("/"), { headers: { "Set-Cookie": "a=" } });
    return memory;
  }

  @Get("/stream", { type: "text/csv", status: 203 })
  async *stream(@Query(Paging) { page }: Paging) {
    yield `${page}\n`;
  }

  @Get("/response")
  @Head("/response")
  @Use(responders, both)
  response() {
    return new Response("x");
  }

  @Get("/:id")
  @Put("/:id")
  @Patch("/:id")
  @Delete("/:id")
  @Options("/:id")
  @Route("PURGE", "/:id")
  show(
    @Path("id", Id) id: number,
    @Path("id") raw: string,
    @Query("q") q: string | undefined,
    @Query("n", z.coerce.number().optional()) n?: number,
    @Query("tags", z.array(z.string())) tags: readonly string[] = [],
    @Header("accept") accept?: string,
    @Header("x-flag", z.stringbool()) flag = false,
    @Cookie("theme", z.enum(["light", "dark"]).default("light")) theme?: "light" | "dark",
    @Variable("REMOTE_ADDR") address?: unknown,
    @Req() request?: ResponderRequest,
    @Signal() signal?: AbortSignal,
  ) {
    return {
      id,
      raw,
      q,
      n,
      tags,
      accept,
      flag,
      theme,
      address,
      target: request?.target,
      aborted: signal?.aborted,
    };
  }

  @Post("/")
  add(@Body(NewBook, { limit: 1000 }) book: NewBook, @Req() request: RoleRequest) {
    return reply(book, { status: 201, headers: { Location: request.path } });
  }

  // A wider parameter accepts what the schema yields.
  @Post("/wide")
  wide(@Body(NewBook) book: { title: string }) {
    return book.title;
  }

  @Post("/text")
  ofText(@Body.text() text: string) {
    return text;
  }

  @Post("/bytes")
  ofBytes(@Body.bytes({ limit: 10 }) bytes: Uint8Array) {
    return bytes;
  }

  @Post("/echo")
  ofStream(@Body.stream() stream: AsyncIterable<Uint8Array>) {
    return stream;
  }

  @Post("/parts")
  async ofParts(@Body.multipart({ parts: 3 }) parts: AsyncIterable<Part>) {
    for await (const part of parts) return part.name;
    return undefined;
  }
}
