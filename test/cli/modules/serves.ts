import { Get, Responder, serve } from "tricorn";

@Responder()
class Hello {
  @Get("/hello")
  hello() {
    return "Hello";
  }
}

await serve([Hello], "127.0.0.1:1");
throw new Error("It was served");
