import { Get, Responder, serve } from "tricorn";

@Responder()
class Hello {
  @Get("/")
  hello() {
    return "Hello from FastCGI";
  }
}

await serve([Hello]);
