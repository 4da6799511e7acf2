import { Authorizer, Body, Get, Path, Post, Query, Responder, allow } from "../../../src/index.js";
import { z } from "zod";

const LARGE = Buffer.alloc(1024 * 1024, "z");

const Id = z.coerce.number().int().positive();
const Paging = z.object({ page: z.coerce.number().int().min(1).default(1) });
type Paging = z.infer<typeof Paging>;

/** What is counted: handlers that do nothing themselves. */
@Responder()
export class Site {
  @Get("/now")
  now(): string {
    return "Hello";
  }

  @Get("/soon")
  async soon(): Promise<string> {
    return "Hello";
  }

  @Get("/items/:id")
  item(@Path("id", Id) id: number, @Query(Paging) { page }: Paging) {
    return { id, page };
  }

  @Get("/large")
  large(): Buffer {
    return LARGE;
  }

  @Post("/echo")
  async echo(@Body.bytes() body: Buffer): Promise<Buffer> {
    return body;
  }

  @Post("/pieces")
  async pieces(@Body.pieces() body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
    return body;
  }

  @Post("/unread")
  unread(): string {
    return "Hello";
  }
}

@Authorizer()
export class Gate {
  async authorize() {
    return allow({ AUTH_USER: "ada" });
  }
}
