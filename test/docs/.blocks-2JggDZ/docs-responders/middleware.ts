// middleware.ts
import { Get, Responder, Use, createApplication, reply, type Middleware } from "tricorn";

/** Around everything, also where no route is found. */
const timing: Middleware = async (request, next) => {
  const started = performance.now();
  const answer = await next();
  answer.headers.set("Server-Timing", `app;dur=${(performance.now() - started).toFixed(1)}`);
  request.log.info({ status: answer.status }, "answered");
  return answer;
};

const mondaysOnly: Middleware = (_request, next) =>
  new Date().getDay() === 1 ? next() : reply("Come back on Monday", { status: 503 });

@Responder()
@Use(mondaysOnly)
class Shop {
  @Get()
  window() {
    return "Hats";
  }
}

export const application = createApplication({ controllers: [Shop], middleware: [timing] });
