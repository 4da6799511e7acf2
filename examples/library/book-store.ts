import { readFile } from "node:fs/promises";
import { singleton, type OnStart } from "tricorn";
import { z } from "zod";

import { Book, type Genre, type NewBook, type Search } from "./book.js";

const file = new URL("data/books.json", import.meta.url);

/** One copy of a book, as a line of the shelf list. */
export interface Copy {
  readonly book: Book;
  readonly copy: number;
}

/** The books of the library, in memory: each start begins with the same ones. */
@singleton()
export class BookStore implements OnStart {
  readonly #books = new Map<number, Book>();

  async onStart(): Promise<void> {
    for (const book of z.array(Book).parse(JSON.parse(await readFile(file, "utf8")))) {
      this.#books.set(book.id, book);
    }
  }

  find(id: number): Book | undefined {
    return this.#books.get(id);
  }

  all(): Iterable<Book> {
    return this.#books.values();
  }

  ofGenre(genre: Genre): Book[] {
    return [...this.#books.values()].filter((book) => book.genre === genre);
  }

  /** One page of the matching books, and the number of all matches. */
  search({ q, genre, page, size }: Search): { total: number; books: Book[] } {
    const wanted = q.toLowerCase();
    const found = [...this.#books.values()].filter(
      (book) =>
        (genre === undefined || book.genre === genre) &&
        `${book.title}\n${book.author}`.toLowerCase().includes(wanted),
    );
    return { total: found.length, books: found.slice((page - 1) * size, page * size) };
  }

  add(book: NewBook): Book {
    const added = { id: Math.max(0, ...this.#books.keys()) + 1, ...book };
    this.#books.set(added.id, added);
    return added;
  }

  /** The shelf list: `each` copies of every book, generated on demand. */
  *copies(each: number): Generator<Copy> {
    for (const book of this.#books.values()) {
      for (let copy = 1; copy <= each; copy++) yield { book, copy };
    }
  }
}
