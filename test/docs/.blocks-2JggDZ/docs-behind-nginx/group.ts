// group.ts
import { Get, Responder, serve } from "tricorn";

@Responder()
class Hello {
  @Get()
  hello() {
    return "Hello";
  }
}

await serve([Hello], "/run/hats/app.sock", { socketAccess: { group: "www-data" } });
