// socket.ts
import assert from "node:assert/strict";
import { Get, Responder, serve } from "tricorn";
import { FastCgiClient } from "tricorn/client";

@Responder()
class Hello {
  @Get()
  hello() {
    return "Hello";
  }
}

const served = await serve([Hello], "127.0.0.1:0", { signals: false });
const client = new FastCgiClient({ address: served.address });
const answer = await client.request({ params: { REQUEST_METHOD: "GET", REQUEST_URI: "/" } });
assert.equal(await answer.text(), "Hello");
await client.close();
await served.close();
