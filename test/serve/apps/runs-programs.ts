// What the test of CVE-2015-9253 starts: a handler that runs programs, which inherit the listening socket.
import { spawnSync } from "node:child_process";
import { Get, Responder, serve } from "tricorn";

@Responder()
class Programs {
  /** Node.js makes what a program inherits on descriptor 0 blocking, in its parent as well: they share the socket. */
  @Get("/run")
  run() {
    return { status: spawnSync("true", { stdio: "inherit" }).status };
  }
}

await serve([Programs]);
