// For the tests of a process's end: a handler that computes until its caller stops it.
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
