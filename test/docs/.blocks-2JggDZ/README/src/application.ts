// src/application.ts
import { Authorizer, Body, Filter, Get, HttpError, Path, Post, Responder, singleton } from "tricorn";
import { allow, challenge, lines, type AuthorizerRequest, type FilterRequest } from "tricorn";
import { z } from "zod";

const Id = z.coerce.number().int().positive();
const NewBook = z.strictObject({ title: z.string().trim().min(1).max(200) });

@singleton()
export class BookStore {
  readonly titles = ["Emma", "Walden"];
}

/** Role 1: makes the answer. */
@Responder("/books")
export class BookController {
  constructor(private readonly books: BookStore) {}

  @Get("/:id")
  show(@Path("id", Id) id: number) {
    const title = this.books.titles[id - 1];
    if (!title) throw new HttpError(404, "There is no book of this number.");
    return { id, title };
  }

  @Post("/", { status: 201 })
  add(@Body(NewBook) { title }: z.infer<typeof NewBook>) {
    return { id: this.books.titles.push(title), title };
  }
}

/** Role 2: decides who may pass. Whatever is not an `allow(…)` is a denial. */
@Authorizer("/members/**")
export class SessionGate {
  authorize({ headers }: AuthorizerRequest) {
    const known = headers.get("authorization") === "Bearer s3cret";
    return known ? allow({ AUTH_USER: "ada" }) : challenge("Bearer", { realm: "members" });
  }
}

/** Role 3: transforms the file that the Web server sends. */
@Filter("*.txt", { type: "text/plain; charset=utf-8" })
export class LineNumbers {
  async *filter({ data }: FilterRequest) {
    let number = 0;
    for await (const line of lines(data)) yield `${++number}\t${line}\n`;
  }
}

export const controllers = [BookController, SessionGate, LineNumbers];
