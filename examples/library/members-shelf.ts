import { Get, Responder, Variable } from "tricorn";
import { z } from "zod";

import { Genre, type Book } from "./book.js";
import { BookStore } from "./book-store.js";

/** The favourite books of a member, chosen by the variables of the gate. */
@Responder("/members/shelf")
export class MembersShelf {
  constructor(private readonly books: BookStore) {}

  @Get("/")
  shelf(
    @Variable("MEMBER_NAME", z.string()) name: string,
    @Variable("MEMBER_GENRE", Genre) genre: Genre,
  ): { member: string; favourite: Genre; books: Book[] } {
    return { member: name, favourite: genre, books: this.books.ofGenre(genre) };
  }
}
