// Middleware wraps handlers: around the application, around a class, around a method, in this order.
import { Get, Responder, Use, createApplication, reply, serve, type Middleware } from "tricorn";

/** Reports how long the handler took. */
const timing: Middleware = async (_request, next) => {
  const started = performance.now();
  const answer = await next();
  answer.headers.set("Server-Timing", `handler;dur=${(performance.now() - started).toFixed(1)}`);
  return answer;
};

/** Answers without calling the handler while the shop is closed. */
const openingHours: Middleware = ({ headers }, next) =>
  headers.get("x-hour") === "3" ? reply("Closed until nine", { status: 503 }) : next();

/** A function that returns a middleware: this is how one takes options. */
function cacheFor(seconds: number): Middleware {
  return async (_request, next) => {
    const answer = await next();
    if (answer.status === 200) answer.headers.set("Cache-Control", `max-age=${seconds}`);
    return answer;
  };
}

@Responder()
@Use(openingHours)
class Shop {
  @Get("/")
  @Use(cacheFor(60))
  window(): string {
    return "Hats, tricorn and other";
  }

  @Get("/stock")
  stock(): { hats: number } {
    return { hats: 12 };
  }
}

await serve(createApplication({ controllers: [Shop], middleware: [timing] }));
