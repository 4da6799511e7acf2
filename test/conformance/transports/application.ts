import { truncateSync } from "node:fs";
import {
  Authorizer,
  Body,
  Filter,
  Get,
  HttpError,
  Path,
  Post,
  Put,
  Query,
  Responder,
  Variable,
  allow,
  challenge,
  createApplication,
  createContainer,
  deny,
  lines,
  redirect,
  reply,
  type AuthorizerRequest,
  type FilterRequest,
  type Part,
  type TricornApplication,
} from "tricorn";
import { z } from "zod";

const Id = z.coerce.number().int().positive();
const Book = z.object({ title: z.string().min(1), year: z.coerce.number().int() });

@Responder("/books")
class Books {
  @Get("/")
  list(@Query("tag", z.array(z.string()).default([])) tags: string[]) {
    return { tags };
  }

  @Get("/:id")
  show(@Path("id", Id) id: number) {
    return id === 1 ? { id, title: "Emma" } : reply("No such book", { status: 404 });
  }

  @Post("/", { status: 201 })
  add(@Body(Book) book: z.infer<typeof Book>) {
    return book;
  }

  @Put("/:id/cover")
  async cover(@Path("id") id: string, @Body.multipart() parts: AsyncIterable<Part>) {
    const seen: string[] = [];
    for await (const part of parts) {
      let length = 0;
      for await (const piece of part.stream()) length += piece.length;
      seen.push(`${id} ${part.name} ${part.filename} ${part.type} ${length}`);
    }
    return seen;
  }
}

@Responder()
class Odds {
  @Get("/stream", { type: "text/csv; charset=utf-8" })
  async *stream(@Query("lines", z.coerce.number()) count: number) {
    for (let line = 0; line < count; line += 1) yield `${line},é\n`;
  }

  @Post("/echo", { type: "application/octet-stream" })
  async *echo(@Body.stream() body: ReadableStream<Uint8Array>) {
    yield* body;
  }

  @Get("/headers")
  headers() {
    return reply("<p>", {
      type: "text/html; charset=utf-8",
      headers: { "Set-Cookie": ["a=1", "b=2"], "X-Odd": "é", "Cache-Control": "no-store" },
    });
  }

  @Get("/empty")
  empty() {}

  @Get("/gone")
  gone() {
    throw new HttpError(410, "It was here yesterday.", { code: "ERR_GONE" });
  }

  @Get("/broken")
  broken(): never {
    throw new Error("a secret of ours");
  }

  @Get("/broken-off")
  async *brokenOff() {
    yield "the beginning";
    throw new Error("a secret of ours");
  }

  /** Behind the gate in the cases that use the gateway. */
  @Get("/private/*")
  whoami(@Variable("AUTH_USER") user: string | undefined) {
    return `AUTH_USER=${user ?? ""}`;
  }
}

@Authorizer("/private/**")
class Gate {
  authorize({ headers, path }: AuthorizerRequest) {
    switch (path) {
      case "/private/throw":
        throw new Error("a secret of ours");
      case "/private/reject":
        return Promise.reject(new Error("a secret of ours"));
      case "/private/nothing":
        return undefined as never;
      case "/private/true":
        return true as never;
      case "/private/moved":
        return redirect("/login", 303);
      case "/private/forbidden":
        return deny(403, { body: "<b>Members only</b>", type: "text/html", headers: { "X-Reason": "age" } });
      default:
        return headers.get("authorization") === "Bearer s3cret"
          ? allow({ AUTH_USER: "Zoë" })
          : challenge("Bearer", { realm: "books" });
    }
  }
}

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class LineNumbers {
  async *filter({ data }: FilterRequest) {
    let number = 0;
    for await (const line of lines(data)) yield `${++number} ${line}\n`;
  }
}

@Filter("*.broken")
class Broken {
  filter(): never {
    throw new Error("a secret of ours");
  }
}

/** Reads all of the file before it answers, so that errors in it are known by then. */
@Filter("*.whole", { type: "text/plain" })
class Whole {
  async filter({ data, params }: FilterRequest) {
    // A real file is truncated while it is being read.
    const file = params.get("SCRIPT_FILENAME");
    let length = 0;
    for await (const chunk of data) {
      if (length === 0 && file?.endsWith("short.whole") === true) truncateSync(file, chunk.length);
      length += chunk.length;
    }
    return `${length} bytes`;
  }
}

/** The application that every transport leads to. */
export function createEverything(): TricornApplication {
  return createApplication({
    controllers: [Books, Odds, Gate, LineNumbers, Broken, Whole],
    container: createContainer(),
  });
}
