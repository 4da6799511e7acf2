import {
  Body,
  Get,
  HttpError,
  Path,
  Post,
  Query,
  Req,
  Responder,
  reply,
  type Part,
  type Reply,
  type ResponderRequest,
} from "tricorn";
import { z } from "zod";

import { BookId, NewBook, Search, type Book } from "./book.js";
import { BookStore } from "./book-store.js";
import { cataloguePage, type ShelvedBook } from "./catalogue-page.js";
import { COVER_LIMIT, CoverStore } from "./cover-store.js";

const Each = z.coerce.number().int().min(1).max(100_000).default(1);

/** The catalogue: JSON for programs, a page for people, a stream for spreadsheets. */
@Responder("/books")
export class Catalogue {
  constructor(
    private readonly books: BookStore,
    private readonly covers: CoverStore,
  ) {}

  @Get("/")
  list(@Query(Search) search: Search): { total: number; page: number; books: Book[] } {
    return { page: search.page, ...this.books.search(search) };
  }

  @Get("/:id")
  show(@Path("id", BookId) id: number): Book {
    return this.#find(id);
  }

  @Post("/")
  add(@Body(NewBook) book: NewBook, @Req() { mount }: ResponderRequest): Reply {
    const added = this.books.add(book);
    return reply(added, { status: 201, headers: { Location: `${mount}/books/${added.id}` } });
  }

  @Get("/browse", { type: "text/html; charset=utf-8" })
  browse(): Iterable<string> {
    return cataloguePage(this.#shelves());
  }

  /** Any number of lines, each generated when it is needed. */
  @Get("/copies.csv", { type: "text/csv; charset=utf-8" })
  async *copies(@Query("each", Each) each: number): AsyncGenerator<string> {
    yield "book,copy,title,author\r\n";
    for (const { book, copy } of this.books.copies(each)) {
      yield `${book.id},${copy},${quote(book.title)},${quote(book.author)}\r\n`;
    }
  }

  @Get("/:id/cover")
  cover(@Path("id", BookId) id: number): Reply {
    const cover = this.covers.find(this.#find(id).id);
    if (!cover) throw new HttpError(404, "This book has no cover yet");
    return reply(this.covers.read(cover), {
      type: cover.type,
      headers: { "Content-Length": cover.size, "X-Content-Type-Options": "nosniff" },
    });
  }

  @Post("/:id/cover")
  async changeCover(
    @Path("id", BookId) id: number,
    @Body.multipart({ bytes: COVER_LIMIT + 4096 }) parts: AsyncIterable<Part>,
  ): Promise<Reply> {
    const { id: bookId } = this.#find(id);
    for await (const part of parts) {
      if (part.name !== "cover") continue;
      await this.covers.save(bookId, part.stream());
      return reply(undefined, { status: 303, headers: { Location: "cover" } }); // relative to this address
    }
    throw new HttpError(400, "The form has no field of the name cover");
  }

  #find(id: number): Book {
    const book = this.books.find(id);
    if (!book) throw new HttpError(404, "There is no book of this number");
    return book;
  }

  *#shelves(): Generator<ShelvedBook> {
    for (const book of this.books.all()) {
      yield { ...book, hasCover: this.covers.find(book.id) !== undefined };
    }
  }
}

/** A CSV field (RFC 4180). */
function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
