// A program whose requests end in every way there is: answered, denied, failed, refused, aborted.
import { once } from "node:events";
import {
  Authorizer,
  Body,
  Filter,
  Get,
  Post,
  Req,
  Responder,
  allow,
  createApplication,
  deny,
  lines,
  serve,
  type AuthorizerRequest,
  type FilterRequest,
  type ResponderRequest,
} from "tricorn";

@Responder()
class Counted {
  @Get("/ok/:number")
  ok() {
    return "ok";
  }

  @Get("/fail")
  fail() {
    throw new Error("It fails");
  }

  @Post("/echo")
  echo(@Body.text() text: string) {
    return text;
  }

  @Get("/late")
  late(@Req() { signal }: ResponderRequest) {
    return once(signal, "abort").then(() => {
      throw new Error("It is late");
    });
  }

  @Get("/stream")
  async *stream(@Req() { signal }: ResponderRequest) {
    yield "first";
    await once(signal, "abort");
  }

  @Get("/broken")
  async *broken() {
    yield "first";
    await Promise.resolve();
    throw new Error("The rest is missing");
  }

  @Get("/observed")
  observed(@Req() { exchange }: ResponderRequest) {
    return exchange.observer === undefined ? "no" : "yes";
  }

  @Get("/exit")
  exit() {
    process.exit(0);
  }
}

@Authorizer({ paths: ["/members/**"] })
class Members {
  authorize({ headers }: AuthorizerRequest) {
    return headers.get("authorization") === "Bearer s" ? allow() : deny(403);
  }
}

@Filter("*.txt")
class Numbered {
  async *filter({ data }: FilterRequest) {
    let number = 0;
    for await (const line of lines(data)) yield `${(number += 1)} ${line}\n`;
  }
}

const application = createApplication({
  controllers: [Counted, Members, Numbered],
  definitions: [
    {
      kind: "role",
      number: 9,
      name: "Nine",
      inputs: { stdin: true, data: false },
      handle: (exchange) => {
        exchange.write("nine");
        exchange.end();
      },
    },
  ],
  timeouts: { handler: 400 },
});
await serve(application, undefined, {
  accessLog: process.env["ACCESS_LOG"] === "yes",
  limits: { bodyBytes: 64, paramsBytes: 1_000 },
});
