import { expect, test } from "vitest";

import { openStage } from "./support/stage.js";
import { http } from "./support/http.js";

const routes = { protect: ["/**"], filter: [], respond: ["/"] };

test("a gateway asks its door before it looks at the path, the Host or the authorizer", async () => {
  const { url, application } = await openStage({
    routes,
    gateway: { door: (_, response) => response.writeHead(418).end("door") !== undefined },
  });
  for (const path of ["/", "/../x", "/%ff"])
    expect(await http(url, path, { headers: { Host: "a b" } })).toMatchObject({ status: 418, body: "door" });
  expect(await http(url, "/", { method: "POST", headers: { Expect: "100-continue" } })).toMatchObject({
    status: 418,
  });
  expect(application.requests).toHaveLength(0);
});

test("a gateway answers what its door passes on", async () => {
  const seen: (string | undefined)[] = [];
  const { url } = await openStage({
    routes: { ...routes, protect: [] },
    scripts: { 1: (request) => request.answer("Status: 200\r\n\r\napplication") },
    gateway: {
      door: ({ url: target }) => {
        seen.push(target);
        return false;
      },
    },
  });
  expect(await http(url, "/books?page=2")).toMatchObject({ status: 200, body: "application" });
  expect(seen).toEqual(["/books?page=2"]);
});
