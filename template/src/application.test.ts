import { after, before, test } from "node:test";
import {
  assertAllows,
  assertDenies,
  assertRepliesWith,
  testApplication,
  type TestApplication,
} from "tricorn/testing";
import { controllers, webServer } from "./application.js";

let application: TestApplication;

before(async () => {
  application = await testApplication(controllers, webServer);
});

after(() => application.close());

test("a hat has a number and a name", async () => {
  const answer = await application.respond("/hats/1");
  assertRepliesWith(answer, { status: 200, json: { number: 1, name: "tricorn" } });
});

test("a hat that does not exist is a 404, and one that is no number a 400", async () => {
  assertRepliesWith(await application.respond("/hats/4"), 404);
  assertRepliesWith(await application.respond("/hats/four"), 400);
});

test("members pass with their password, and the authorizer names them", async () => {
  const askFor = (password: string) => {
    const credentials = Buffer.from(`ada:${password}`).toString("base64");
    return application.authorize("/members/", { headers: { Authorization: `Basic ${credentials}` } });
  };
  assertAllows(await askFor("lovelace"), { AUTH_USER: "ada" });
  assertDenies(await askFor("guess"), 401);
  assertDenies(await application.authorize("/members/"), 401);
});

test("a members' page has the name of its reader, as text", async () => {
  const page = await application.filter("/members/welcome.html", {
    data: "<h1>Welcome, {{user}}</h1>\n",
    params: { AUTH_USER: "<ada>" },
  });
  assertRepliesWith(page, { text: "<h1>Welcome, &#60;ada&#62;</h1>\n" });
});
