// Requests of all three roles as spans of OpenTelemetry; tracing.ts makes them.
import { setTimeout } from "node:timers/promises";
import {
  Authorizer,
  Filter,
  Get,
  Path,
  Responder,
  Signal,
  allow,
  challenge,
  lines,
  serve,
  type AuthorizerRequest,
  type FilterRequest,
} from "tricorn";
import { z } from "zod";
import { Tracing } from "./tracing.js";

@Responder("/books")
class Books {
  constructor(private readonly tracing: Tracing) {}

  @Get("/:id")
  async show(@Path("id", z.coerce.number()) id: number): Promise<{ id: number; copies: number }> {
    const copies = await this.tracing.span("count copies", async (span) => {
      span.setAttribute("book.id", id);
      await setTimeout(5); // as a database would take
      if (id > 999) throw new RangeError("There are 999 shelves");
      return id % 4;
    });
    return { id, copies };
  }
  /** Numbers until the reader leaves. */
  @Get("/returned", { type: "text/plain" })
  async *returned(@Signal() signal: AbortSignal): AsyncGenerator<string> {
    for (let id = 1; !signal.aborted; id += 1) {
      yield `${id}\n`;
      await setTimeout(1000, undefined, { signal });
    }
  }

  /** A list that cannot be completed. */
  @Get("/lost", { type: "text/plain" })
  async *lost(): AsyncGenerator<string> {
    yield "1\n";
    await setTimeout(5);
    throw new RangeError("The list is lost");
  }
}

@Authorizer({ paths: ["/members/**"], variables: ["AUTH_USER"] })
class MembersGate {
  authorize({ headers }: AuthorizerRequest) {
    return headers.get("authorization") === "Bearer s3cret"
      ? allow({ AUTH_USER: "ada" })
      : challenge("Bearer");
  }
}

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class LineNumbers {
  constructor(private readonly tracing: Tracing) {}

  async filter({ data }: FilterRequest): Promise<string> {
    return await this.tracing.span("number lines", async () => {
      let numbered = "";
      let number = 0;
      for await (const line of lines(data)) numbered += `${++number}\t${line}\n`;
      return numbered;
    });
  }
}

await serve([Books, MembersGate, LineNumbers]);
