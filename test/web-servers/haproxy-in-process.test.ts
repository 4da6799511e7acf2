import { Get, Responder } from "tricorn";
import { describe, expect, test } from "vitest";

import { putBehind } from "../support/web-servers/behind.js";
import { CANARY, FAILURES, Gate } from "../support/web-servers/gate.js";
import { haproxy } from "../support/web-servers/haproxy.js";

@Responder()
class Aviary {
  @Get("/canary")
  canary(): string {
    return CANARY;
  }
}

describe("an authorizer that is asked in the process, behind HAProxy", () => {
  const behind = putBehind((address) => haproxy({ address, options: ["option keep-conn"] }), {
    controllers: [Gate, Aviary],
    timeouts: { authorizer: 100 },
    listener: { bridges: { authorizer: { inProcess: true } } },
  });
  const visit = (mode: string): Promise<Response> =>
    fetch(`${behind().server.url}/canary?mode=${mode}`, { redirect: "manual" });

  test("lets the handler answer what it allows", async () => {
    const answer = await visit("allow");
    expect([answer.status, await answer.text()]).toEqual([200, CANARY]);
  });

  test("denies as it says", async () => {
    const denied = await visit("deny");
    expect([denied.status, await denied.text()]).toEqual([403, "Not for you.\n"]);
    const redirected = await visit("redirect");
    expect([redirected.status, redirected.headers.get("location")]).toEqual([302, "/log-in"]);
    expect((await visit("challenge")).headers.get("www-authenticate")).toBe('Basic realm="The gate"');
  });

  test.each(FAILURES)("lets nobody see the canary when it fails: %s", async (mode) => {
    const answer = await visit(mode);
    expect([500, 504]).toContain(answer.status);
    expect(await answer.text()).not.toContain(CANARY);
  });
});
