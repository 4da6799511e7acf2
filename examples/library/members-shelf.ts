import { Get, Responder, Variable } from "tricorn";
import { z } from "zod";

import { Genre, type Book } from "./book.js";
import { BookStore } from "./book-store.js";

/** The books that a member will like. What it knows of the member comes from the gate, as variables. */
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
