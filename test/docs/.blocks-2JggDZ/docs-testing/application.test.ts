// application.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { Authorizer, Body, Get, Filter, Post, Responder, allow, challenge } from "tricorn";
import { createApplication, createContainer, type AuthorizerRequest, type FilterRequest } from "tricorn";
import { testApplication } from "tricorn/testing";
import { z } from "zod";

@Responder("/hats")
class Hats {
  @Get()
  list() {
    return ["tricorn"];
  }

  @Post("/", { status: 201 })
  add(@Body(z.object({ name: z.string() })) hat: { name: string }) {
    return hat;
  }
}

@Authorizer("/members/**")
class Gate {
  authorize({ headers }: AuthorizerRequest) {
    return headers.get("authorization") === "Bearer s3cret" ? allow({ AUTH_USER: "ada" }) : challenge("Bearer");
  }
}

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class Shout {
  filter({ data }: FilterRequest) {
    return data.pipeThrough(new TextDecoderStream());
  }
}

test("the three roles", async () => {
  const application = await testApplication(
    createApplication({ controllers: [Hats, Gate, Shout], container: createContainer() }),
  );
  try {
    const list = await application.respond("/hats?page=2", { headers: { Accept: "application/json" } });
    assert.deepEqual(list.json, ["tricorn"]);

    const added = await application.respond("/hats", { body: { name: "fedora" } });
    assert.equal(added.status, 201);

    const refused = await application.respond("/hats", { body: { name: 7 } });
    assert.equal(refused.status, 400);

    const denied = await application.authorize("/members/");
    assert.equal(denied.allowed, false);
    assert.equal(denied.headers.get("WWW-Authenticate"), "Bearer");

    const allowed = await application.authorize("/members/", { headers: { Authorization: "Bearer s3cret" } });
    assert.equal(allowed.allowed, true);
    assert.deepEqual(allowed.variables, { AUTH_USER: "ada" });

    const filtered = await application.filter("/poem.txt", { data: "one\n", lastModified: new Date() });
    assert.equal(filtered.text, "one\n");
  } finally {
    await application.close();
  }
});
