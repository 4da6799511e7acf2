// src/application.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { testApplication } from "tricorn/testing";
import { controllers } from "./application.js";

test("a hat has a name", async () => {
  const application = await testApplication(controllers);
  try {
    const answer = await application.respond("/hats/1");
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, { number: 1, name: "tricorn" });
  } finally {
    await application.close();
  }
});
