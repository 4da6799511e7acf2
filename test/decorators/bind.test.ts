import { describe, expect, test, vi } from "vitest";
import { z } from "zod";

import { Body, Cookie, Header, Path, Query, Req, Signal, Variable } from "../../src/decorators/bind.js";
import { compileControllers } from "../../src/decorators/compile.js";
import { createContainer } from "../../src/decorators/container.js";
import { Responder } from "../../src/decorators/role.js";
import { Get, Post } from "../../src/decorators/route.js";
import type { Part } from "../../src/body/part.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { applicationOf, ask } from "./support.js";

const Id = z.coerce.number().int().positive();
const Search = z.object({
  q: z.string().default(""),
  page: z.coerce.number().int().default(1),
  tag: z.array(z.string()).optional(),
});
const NewBook = z.strictObject({
  title: z.string().min(1),
  year: z.coerce.number(),
  tags: z.array(z.string()).optional(),
});

@Responder("/books")
class Books {
  @Get("/by-id/:id/:slug")
  byId(@Path("id", Id) id: number, @Path("slug") slug: string) {
    return { id, slug };
  }

  @Get("/files/*")
  file(@Path("*") rest: string) {
    return rest;
  }

  @Get("/search")
  search(@Query(Search) query: z.infer<typeof Search>) {
    return query;
  }

  @Get("/raw")
  raw(@Query(z.record(z.string(), z.unknown())) query: Record<string, unknown>) {
    return Object.entries(query);
  }

  @Get("/one")
  one(@Query("q") q: string | undefined, @Query("n", z.array(z.coerce.number())) n: number[]) {
    return { q: q ?? null, n };
  }

  @Get("/parts")
  parts(
    @Header("Accept-Language") language: string | undefined,
    @Cookie("theme", z.enum(["light", "dark"])) theme: "light" | "dark",
    @Variable("REMOTE_ADDR") address: string | undefined,
    @Header("X-Missing") missing: string | undefined,
    @Signal() signal: AbortSignal,
    @Req() request: ResponderRequest,
  ) {
    return {
      language,
      theme,
      address,
      missing: missing ?? null,
      aborted: signal.aborted,
      same: signal === request.signal,
    };
  }

  @Post("/")
  add(@Body(NewBook) book: z.infer<typeof NewBook>) {
    return book;
  }

  @Post("/small")
  small(@Body(NewBook, { limit: 20 }) book: z.infer<typeof NewBook>) {
    return book;
  }

  @Post("/text/:id")
  text(@Body.text() text: string, @Path("id", Id) id: number) {
    return { text, id };
  }

  @Post("/bytes")
  bytes(@Body.bytes({ limit: 5 }) bytes: Buffer) {
    return bytes.toString("hex");
  }

  @Post("/pieces")
  pieces(@Body.pieces() pieces: AsyncIterable<Uint8Array>) {
    return pieces;
  }

  @Post("/stream")
  stream(@Body.stream() stream: AsyncIterable<Uint8Array>) {
    return stream;
  }

  @Post("/multipart")
  async *multipart(@Body.multipart() parts: AsyncIterable<Part>) {
    for await (const part of parts) yield `${part.name}=${await part.text()};`;
  }

  @Get("/async")
  later(
    @Query("n", z.string().transform(async (text) => text.length)) n: number,
    @Query("q") q: string | undefined,
  ) {
    return { n, q: q ?? null };
  }
}

const application = applicationOf([Books]);

async function json(target: string, question: Parameters<typeof ask>[2] = {}): Promise<unknown> {
  return JSON.parse((await ask(application, target, question)).text);
}

const form = { CONTENT_TYPE: "application/x-www-form-urlencoded" };

describe("parameters are bound to", () => {
  test("a segment, validated by a schema, and decoded without one", async () => {
    expect(await json("/books/by-id/7/a%20b")).toEqual({ id: 7, slug: "a b" });
  });

  test("the rest of a path", async () => {
    expect((await ask(application, "/books/files/a/b.txt")).text).toBe("a/b.txt");
  });

  test("the query as an object: defaults, a single name as text, a repeated one as a list", async () => {
    expect(await json("/books/search")).toEqual({ q: "", page: 1 });
    expect(await json("/books/search?q=x&page=3&tag=a&tag=b")).toEqual({ q: "x", page: 3, tag: ["a", "b"] });
  });

  test("a single name as a list if the schema expects a list", async () => {
    expect(await json("/books/search?tag=a")).toEqual({ q: "", page: 1, tag: ["a"] });
    expect(await json("/books/one?n=1")).toEqual({ q: null, n: [1] });
  });

  test("the first value of a name without a schema", async () => {
    expect(await json("/books/one?n=1&n=2&q=a&q=b")).toEqual({ q: "a", n: [1, 2] });
  });

  test("a query with the names of Object.prototype", async () => {
    // zod drops "__proto__" from records; it must not be an error or a prototype.
    expect(await json("/books/raw?__proto__=a&constructor=b&__proto__=c")).toEqual([["constructor", "b"]]);
  });

  test("a header, a cookie, a variable, the signal and the request itself", async () => {
    const params = { HTTP_ACCEPT_LANGUAGE: "de", HTTP_COOKIE: "theme=dark", REMOTE_ADDR: "10.0.0.1" };
    expect(await json("/books/parts", { params })).toEqual({
      language: "de",
      theme: "dark",
      address: "10.0.0.1",
      missing: null,
      aborted: false,
      same: true,
    });
  });

  test("a JSON body, also of a +json type and with parameters", async () => {
    const body = { title: "Emma", year: 1815 };
    for (const CONTENT_TYPE of ["application/json", "application/vnd.book+json; charset=utf-8"]) {
      expect(await json("/books", { body, params: { CONTENT_TYPE } })).toEqual(body);
    }
  });

  test("a urlencoded body, with lists if the schema expects them", async () => {
    const body = "title=Emma&year=1815&tags=novel";
    expect(await json("/books", { body, params: form })).toEqual({
      title: "Emma",
      year: 1815,
      tags: ["novel"],
    });
  });

  test("a body as text, bytes, pieces, stream and parts", async () => {
    expect(await json("/books/text/3", { body: "grün" })).toEqual({ text: "grün", id: 3 });
    expect((await ask(application, "/books/bytes", { body: "abc" })).text).toBe("616263");
    expect((await ask(application, "/books/pieces", { body: "abc" })).text).toBe("abc");
    expect((await ask(application, "/books/stream", { body: "abc" })).text).toBe("abc");
    const body = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n';
    const params = { CONTENT_TYPE: "multipart/form-data; boundary=x" };
    expect((await ask(application, "/books/multipart", { body, params })).text).toBe("a=1;");
  });

  test("an asynchronous schema, on first use and after it is known to be asynchronous", async () => {
    expect(await json("/books/async?n=abc")).toEqual({ n: 3, q: null });
    expect(await json("/books/async?n=abcd&q=x")).toEqual({ n: 4, q: "x" });
  });
});

describe("invalid input", () => {
  test("is a 400 that says where and why, for each part of a request", async () => {
    expect(await json("/books/by-id/x/y")).toEqual({
      type: "about:blank",
      title: "Bad Request",
      status: 400,
      detail: "The path of the request is not valid.",
      code: "ERR_REQUEST_INVALID",
      errors: [{ in: "path", path: ["id"], message: "Invalid input: expected number, received NaN" }],
    });
    expect(await json("/books/search?page=1.5")).toMatchObject({ errors: [{ in: "query", path: ["page"] }] });
    expect(await json("/books/one")).toMatchObject({ errors: [{ in: "query", path: ["n"] }] });
    expect(await json("/books/parts")).toMatchObject({ errors: [{ in: "cookie", path: ["theme"] }] });
    const body = { title: "", tags: [1] };
    expect(await json("/books", { body })).toMatchObject({
      status: 400,
      errors: [
        { in: "body", path: ["title"] },
        { in: "body", path: ["year"] },
        { in: "body", path: ["tags", 0] },
      ],
    });
  });

  test("is a 415 that names the accepted types, for a body of another type or none", async () => {
    for (const CONTENT_TYPE of ["text/plain", "", "multipart/form-data; boundary=x"]) {
      const { status, headers } = await ask(application, "/books", { body: "{}", params: { CONTENT_TYPE } });
      expect(status).toBe(415);
      expect(headers.get("Accept")).toBe("application/json, application/x-www-form-urlencoded");
    }
  });

  test("is a 413 for a body above its limit", async () => {
    const body = { title: "A title that is too long for it", year: 1815 };
    expect((await ask(application, "/books/small", { body })).status).toBe(413);
    expect((await ask(application, "/books/bytes", { body: "abcdef" })).status).toBe(413);
  });

  test("is reported without reading the body, wherever its parameter is", () => {
    const [definition] = compileControllers([Books], { container: createContainer() }).definitions;
    const routes = definition?.kind === "responder" ? definition.routes : [];
    const { handle } = routes.find(({ path }) => path === "/books/text/:id")!;
    const text = vi.fn(() => Promise.resolve("abc"));
    const request = (id: string) => ({ pathParams: { id }, body: { text } }) as unknown as ResponderRequest;
    expect(() => handle(request("x"))).toThrow("The path of the request is not valid.");
    expect(text).not.toHaveBeenCalled();
    expect(handle(request("1"))).toBeInstanceOf(Promise);
    expect(text).toHaveBeenCalledOnce();
  });
});
