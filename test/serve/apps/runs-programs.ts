// For the test of CVE-2015-9253: a handler that runs programs, which inherit the listening socket.
import { spawnSync } from "node:child_process";
import { Get, Responder, serve } from "tricorn";

@Responder()
class Programs {
  /** Node.js makes an inherited descriptor 0 blocking, in the parent as well: they share the socket. */
  @Get("/run")
  run() {
    return { status: spawnSync("true", { stdio: "inherit" }).status };
  }
}

await serve([Programs]);
