import { Authorizer, Get, Responder, allow } from "tricorn";
import { expect, onTestFinished, test } from "vitest";

import { freeAddress, sceneOf } from "../support/web-servers/scene.js";
import { serveApplication } from "../support/web-servers/served-application.js";
import { describeServer } from "./set-ups/describe-server.js";

describeServer("caddy");

@Authorizer("/members/**")
class Everybody {
  authorize() {
    return allow();
  }
}

@Responder("/members")
class Members {
  @Get("/card")
  card() {
    return "a card";
  }
}

test("Behind Caddy a client allowed without a variable gets the page, not the authorizer's empty answer", async () => {
  const controllers = [Everybody, Members];
  const address = await freeAddress("tcp", "");
  const scene = sceneOf(
    { id: "caddy-plain", server: "caddy", how: "an authorizer alone" },
    { address, controllers },
  );
  const application = await serveApplication({ address, controllers, ...scene.options });
  onTestFinished(() => application.close());
  const server = await scene.start();
  onTestFinished(() => server.stop());
  expect(await (await fetch(`${server.url}/members/card`)).text()).toBe("a card");
});
