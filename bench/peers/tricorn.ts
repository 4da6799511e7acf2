// The whole framework: a decorated controller, the router, an async handler; every check and limit is on.
import { Get, Responder, serve } from "tricorn";

import { announce } from "../peer.js";

@Responder()
class Hello {
  @Get("/hello")
  async hello() {
    return "Hello from FastCGI";
  }
}

process.env["TRICORN_LOG_LEVEL"] ??= "silent";
const { address } = await serve([Hello], "127.0.0.1:0", { signals: false });
announce(Number(address.slice(address.lastIndexOf(":") + 1)));
