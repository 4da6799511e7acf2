// The smallest application. It logs to a file, as a service does.
import { Get, Responder, serve } from "tricorn";

import { HELLO } from "./bodies.js";
import { socketPath } from "./socket-path.js";

@Responder()
class Hello {
  @Get("/hello")
  hello(): string {
    return HELLO;
  }
}

process.env["TRICORN_LOG"] ??= `${socketPath}.log`;
await serve([Hello], socketPath);
