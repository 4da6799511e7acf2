// The smallest application.
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

await serve([Hello], socketPath);
