// definitions.ts
import { createApplication, type ResponderDefinition } from "tricorn";

const hello: ResponderDefinition = {
  kind: "responder",
  name: "hello",
  routes: [{ method: "GET", path: "/hello/:name", name: "hello", handle: ({ pathParams }) => `Hello ${pathParams["name"]}` }],
};

export const application = createApplication({ controllers: [], definitions: [hello] });
