// For the tests of uncaught errors: a handler that fails asynchronously.
import { once } from "node:events";
import { Get, Responder, serve } from "tricorn";

@Responder()
class Careless {
  /** Is finished only when the mistake has happened. */
  @Get("/slow")
  async slow() {
    await once(process, "uncaughtExceptionMonitor");
    return "finished";
  }

  @Get("/throw")
  throws() {
    setImmediate(() => {
      throw new Error("nobody caught me");
    });
    return "careless";
  }

  @Get("/reject")
  rejects() {
    void Promise.reject(new Error("nobody caught me"));
    return "careless";
  }
}

await serve([Careless], "127.0.0.1:0");
