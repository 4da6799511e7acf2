// limits.ts
import { Get, Responder, createApplication, serve } from "tricorn";

@Responder()
class Hello {
  @Get()
  hello() {
    return "Hello";
  }
}

const application = createApplication({ controllers: [Hello], timeouts: { handler: 20_000, authorizer: 5_000 } });
await serve(application, "/run/hats/app.sock", {
  limits: { connections: 256, requests: 500 },
  timeouts: { idle: 60_000, shutdown: 10_000 },
});
