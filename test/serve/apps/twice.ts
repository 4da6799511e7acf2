// One application on two addresses.
import { Body, Get, Post, Responder, createApplication, serve, type OnStop } from "tricorn";

@Responder()
class Echo implements OnStop {
  onStop() {
    console.log("stopped");
  }

  @Get("/hello")
  hello() {
    return "hello";
  }

  @Post("/echo")
  async *echo(@Body.stream() body: ReadableStream<Uint8Array>) {
    yield "begun ";
    yield* body;
    console.log("echoed");
    yield " done";
  }
}

const application = createApplication([Echo]);
const one = await serve(application, 0);
const other = await serve(application, "127.0.0.1:0");
console.log(`serving ${one.address} and ${other.address}`);
