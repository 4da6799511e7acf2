import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { testApplication, type TestApplication } from "tricorn/testing";
import { controllers, webServer } from "./application.js";

let application: TestApplication;

before(async () => {
  application = await testApplication(controllers, webServer);
});

after(() => application.close());

test("a hat has a number and a name", async () => {
  const answer = await application.respond("/hats/1");
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { number: 1, name: "tricorn" });
});

test("a hat that does not exist is a 404, and one that is no number a 400", async () => {
  assert.equal((await application.respond("/hats/4")).status, 404);
  assert.equal((await application.respond("/hats/four")).status, 400);
});

test("members pass with their password, and the authorizer names them", async () => {
  const passwordOf = (password: string) => ({
    headers: { Authorization: `Basic ${Buffer.from(`ada:${password}`).toString("base64")}` },
  });
  const stranger = await application.authorize("/members/welcome.html");
  assert.equal(stranger.allowed, false);
  assert.equal(stranger.status, 401);

  assert.equal((await application.authorize("/members/welcome.html", passwordOf("guess"))).allowed, false);

  const member = await application.authorize("/members/welcome.html", passwordOf("lovelace"));
  assert.equal(member.allowed, true);
  assert.deepEqual(member.variables, { AUTH_USER: "ada" });
});

test("a members' page has the name of its reader, as text", async () => {
  const page = await application.filter("/members/welcome.html", {
    data: "<h1>Welcome, {{user}}</h1>\n",
    params: { AUTH_USER: "<ada>" },
  });
  assert.equal(page.text, "<h1>Welcome, &#60;ada&#62;</h1>\n");
});
