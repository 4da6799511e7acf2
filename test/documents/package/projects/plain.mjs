// A project of plain JavaScript: no decorators, so roles are given as definitions.
import { allow, createApplication, deny, reply } from "tricorn";
import { testApplication } from "tricorn/testing";

const running = await testApplication(
  createApplication({
    controllers: [],
    definitions: [
      {
        kind: "responder",
        name: "Books",
        routes: [
          { method: "GET", path: "/books/:id", name: "Books.show", handle: ({ path }) => ({ path }) },
          {
            method: "POST",
            path: "/books",
            name: "Books.add",
            handle: async ({ body }) => reply(await body.json(), { status: 201 }),
          },
        ],
      },
      {
        kind: "authorizer",
        name: "Gate",
        paths: ["/private/**"],
        authorize: ({ headers }) => (headers.get("authorization") ? allow({ USER: "ada" }) : deny(401)),
      },
      { kind: "filter", name: "Loud", paths: ["*.txt"], filter: ({ data }) => data },
    ],
  }),
);
const shown = await running.respond("/books/1");
const added = await running.respond("/books", { body: { title: "Emma" } });
const allowed = await running.authorize("/private/a", { headers: { Authorization: "x" } });
const filtered = await running.filter("/a.txt", { data: "as it is" });
await running.close();

console.log(
  JSON.stringify({
    shown: shown.json(),
    added: [added.status, added.json()],
    allowed: [allowed.allowed, allowed.variables],
    filtered: filtered.text,
  }),
);
