// src/application.ts
import { Get, HttpError, Path, Responder, singleton } from "tricorn";
import { z } from "zod";

@singleton()
export class Hats {
  readonly names = ["tricorn", "bicorne", "fedora"];
}

@Responder("/hats")
export class HatController {
  constructor(private readonly hats: Hats) {}

  @Get()
  list() {
    return this.hats.names;
  }

  @Get("/:number")
  show(@Path("number", z.coerce.number().int().positive()) number: number) {
    const name = this.hats.names[number - 1];
    if (name === undefined) throw new HttpError(404, "There is no such hat.");
    return { number, name };
  }
}

export const controllers = [HatController];
