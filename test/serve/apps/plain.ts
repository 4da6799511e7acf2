// For the tests of CGI programs: routes without decorators.
import { createApplication, serve, type ResponderRequest } from "tricorn";

const routes = [
  {
    method: "POST",
    path: "/",
    name: "post",
    handle: async ({ body }: ResponderRequest) => `got ${await body.text()}`,
  },
  { method: "GET", path: "/", name: "get", handle: () => "got" },
  {
    method: "PUT",
    path: "/",
    name: "put",
    handle: ({ queryString }: ResponderRequest) => "x".repeat(Number(queryString)),
  },
];
await serve(
  createApplication({ controllers: [], definitions: [{ kind: "responder", name: "Plain", routes }] }),
);
