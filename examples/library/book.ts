import { z } from "zod";

/** The sort order of the shelves. */
export const Genre = z.enum(["adventure", "mystery", "poetry", "science", "science fiction"]);
export type Genre = z.infer<typeof Genre>;

/** The number of a book in a path. */
export const BookId = z.coerce.number().int().positive();

/** A new book, sent as JSON or as a form. */
export const NewBook = z.strictObject({
  title: z.string().trim().min(1).max(200),
  author: z.string().trim().min(1).max(200),
  year: z.coerce.number().int().min(-3000).max(2100),
  genre: Genre,
});
export type NewBook = z.infer<typeof NewBook>;

/** A book in the catalogue. */
export const Book = z.strictObject({ id: z.number().int().positive(), ...NewBook.shape });
export type Book = z.infer<typeof Book>;

/** The query of the list of books. */
export const Search = z.object({
  q: z.string().trim().max(100).default(""),
  genre: Genre.optional(),
  page: z.coerce.number().int().min(1).max(1000).default(1),
  size: z.coerce.number().int().min(1).max(100).default(50),
});
export type Search = z.infer<typeof Search>;
