// books.ts
import { Get, Responder, inject, singleton, container } from "tricorn";

export interface Clock {
  now(): Date;
}

@singleton()
export class Books {
  readonly list = ["Emma", "Walden"];
}

@Responder("/books")
export class BookController {
  constructor(
    private readonly books: Books,
    @inject("Clock") private readonly clock: Clock,
  ) {}

  @Get()
  list() {
    return { books: this.books.list, at: this.clock.now() };
  }
}

container.register("Clock", { useValue: { now: () => new Date() } satisfies Clock });
