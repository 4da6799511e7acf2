// catalogue.ts
import { Body, Get, HttpError, Path, Post, Query, Responder, singleton } from "tricorn";
import { z } from "zod";

const Id = z.coerce.number().int().positive();
const Search = z.object({
  q: z.string().trim().max(100).default(""),
  page: z.coerce.number().int().min(1).default(1),
  tag: z.array(z.string()).optional(),
});
type Search = z.infer<typeof Search>;
const NewBook = z.strictObject({ title: z.string().min(1), year: z.number().int() });
type NewBook = z.infer<typeof NewBook>;

@singleton()
export class Books {
  readonly list: NewBook[] = [{ title: "Emma", year: 1815 }];
}

@Responder("/books")
export class Catalogue {
  constructor(private readonly books: Books) {}

  @Get()
  search(@Query(Search) { q }: Search) {
    return this.books.list.filter(({ title }) => title.includes(q));
  }

  @Get("/:id")
  show(@Path("id", Id) id: number) {
    const book = this.books.list[id - 1];
    if (book === undefined) throw new HttpError(404, "There is no book of this number.");
    return book;
  }

  @Post("/", { status: 201 })
  add(@Body(NewBook) book: NewBook) {
    return { id: this.books.list.push(book), ...book };
  }
}
