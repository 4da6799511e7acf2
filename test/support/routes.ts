import type { Definition, RouteDefinition } from "../../src/roles/definitions.js";

/** A responder of some routes, each written `GET /path`. */
export function responder(routes: Readonly<Record<string, RouteDefinition["handle"]>>): Definition {
  return {
    kind: "responder",
    name: "Test",
    routes: Object.entries(routes).map(([route, handle]) => {
      const [method = "", path = ""] = route.split(" ");
      return { method, path, name: route, handle };
    }),
  };
}
