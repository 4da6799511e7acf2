import {
  Body,
  Get,
  Header,
  HttpError,
  Path,
  Post,
  Query,
  Req,
  Responder,
  redirect,
  reply,
  type Deny,
  type Part,
  type Reply,
  type ResponderRequest,
} from "tricorn";
import { z } from "zod";

import { BookId, NewBook, Search, type Book } from "./book.js";
import { BookStore } from "./book-store.js";
import { bookPage, cataloguePage, type ShelvedBook } from "./catalogue-page.js";
import { COVER_LIMIT, CoverStore } from "./cover-store.js";
import { HTML, showsPages } from "./page.js";

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

  /** A page for browsers, JSON for programs. */
  @Get("/:id")
  show(@Path("id", BookId) id: number, @Req() { headers, mount, url }: ResponderRequest): Reply {
    const book = this.#find(id);
    const vary = { Vary: "Accept" };
    return showsPages(headers.get("accept"))
      ? reply(bookPage(this.#shelved(book), { mount, url }), { type: HTML, headers: vary })
      : reply(book, { headers: vary });
  }

  /** A form leads back to the shelves; a program gets the new book. */
  @Post("/")
  add(
    @Body(NewBook) book: NewBook,
    @Header("content-type") type: string | undefined,
    @Req() { mount }: ResponderRequest,
  ): Reply | Deny {
    const added = this.books.add(book);
    if (type?.startsWith("application/json") !== true)
      return redirect(`${mount}/books/browse#book-${added.id}`, 303);
    return reply(added, { status: 201, headers: { Location: `${mount}/books/${added.id}` } });
  }

  @Get("/browse", { type: HTML })
  browse(@Req() { mount }: ResponderRequest): Iterable<string> {
    return cataloguePage(this.#shelves(), mount);
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
  ): Promise<Deny> {
    const { id: bookId } = this.#find(id);
    for await (const part of parts) {
      if (part.name !== "cover") continue;
      await this.covers.save(bookId, part.stream());
      return redirect(`../browse#book-${bookId}`, 303); // relative to this address
    }
    throw new HttpError(400, "The form has no field of the name cover");
  }

  #find(id: number): Book {
    const book = this.books.find(id);
    if (!book) throw new HttpError(404, "There is no book of this number");
    return book;
  }

  *#shelves(): Generator<ShelvedBook> {
    for (const book of this.books.all()) yield this.#shelved(book);
  }

  #shelved(book: Book): ShelvedBook {
    return { ...book, hasCover: this.covers.find(book.id) !== undefined };
  }
}

/** A CSV field (RFC 4180). */
function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
