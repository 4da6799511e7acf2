// replies.ts
import { createReadStream } from "node:fs";
import { Get, Responder, reply } from "tricorn";

@Responder()
export class Pages {
  @Get("/", { type: "text/html; charset=utf-8" })
  page() {
    return "<!doctype html><title>Hats</title>";
  }

  @Get("/old")
  moved() {
    return reply(undefined, { status: 308, headers: { Location: "/" } });
  }

  @Get("/picture")
  picture() {
    return reply(createReadStream("hat.png"), { type: "image/png" });
  }

  @Get("/two-cookies")
  cookies() {
    return reply("ok", { headers: { "Set-Cookie": ["a=1; HttpOnly", "b=2; Secure"] } });
  }
}
