// gateway.ts
import assert from "node:assert/strict";
import { Get, Responder, createApplication, serve } from "tricorn";
import { Gateway, routesOf } from "tricorn/gateway";

@Responder("/hello")
class Hello {
  @Get()
  hello() {
    return "Hello";
  }
}

const application = createApplication([Hello]);
const served = await serve(application, 0, { signals: false });
const gateway = new Gateway({
  application: served.address,
  root: ".",
  routes: routesOf(application.description),
  port: 0,
});
const { url } = await gateway.listen();
assert.equal(await (await fetch(`${url}/hello`)).text(), "Hello");
await gateway.close();
await served.close();
