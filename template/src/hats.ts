import { Get, HttpError, Path, Responder, singleton } from "tricorn";
import { z } from "zod";

/** The hats. A singleton: all who name it in their constructor get the same one. */
@singleton()
export class HatStore {
  readonly names = ["tricorn", "bicorne", "fedora"];
}

/** Role 1: answers requests. Text, objects, streams and `reply(…)` are all answers. */
@Responder("/hats")
export class Hats {
  constructor(private readonly store: HatStore) {}

  @Get()
  list() {
    return this.store.names;
  }

  /** The compiler compares the schema with the parameter; a request that does not fit is answered with 400. */
  @Get("/:number")
  show(@Path("number", z.coerce.number().int().positive()) number: number) {
    const name = this.store.names[number - 1];
    if (name === undefined) throw new HttpError(404, "There is no such hat.");
    return { number, name };
  }
}
