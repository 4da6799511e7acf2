// What the tests of the end of a process start: a handler that computes until its caller says that it is enough.
import { existsSync, writeFileSync } from "node:fs";
import { Get, Responder, serve } from "tricorn";

/** Written when the handler begins; it ends when the other file exists. */
const { BUSY_BEGUN = "", BUSY_ENOUGH = "" } = process.env;

@Responder()
class Busy {
  @Get("/busy")
  busy() {
    writeFileSync(BUSY_BEGUN, "");
    while (!existsSync(BUSY_ENOUGH)) continue;
    return "busy";
  }

  @Get("/hello")
  hello() {
    return "hello";
  }
}

await serve([Busy], process.argv[2]);
