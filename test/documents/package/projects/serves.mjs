// What docs/getting-started.md compiles to: a program that serves.
import { createApplication, serve } from "tricorn";

const hello = {
  kind: "responder",
  name: "Hello",
  routes: [{ method: "GET", path: "/", name: "Hello.hello", handle: () => "Hello from FastCGI" }],
};

await serve(createApplication({ controllers: [], definitions: [hello] }));
