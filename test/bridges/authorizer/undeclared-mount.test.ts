import { expect, test } from "vitest";

import { allow } from "../../../src/roles/verdict.js";
import { get } from "../../support/records.js";
import { responder, serveDefinitions } from "../../support/served.js";

const gate = {
  kind: "authorizer",
  name: "MembersGate",
  paths: ["/members/**"],
  authorize: () => allow(),
} as const;
const pages = responder({ "GET /members/page": () => "for members", "GET /page": () => "for all" });

test.each([
  ["a protected path below a mount that only PATH_INFO names", undefined, "/app/members/page", 403],
  ["another path below it", undefined, "/app/page", 200],
  ["a protected path below a declared mount", "/app", "/app/members/page", 200],
])("%s (mount %s): %s is answered with %d", async (_name, mount, target, status) => {
  const { connect, log } = await serveDefinitions([gate, pages], {
    dispatcher: mount === undefined ? {} : { mount },
  });
  const peer = await connect();
  const params = { SCRIPT_NAME: "/app", PATH_INFO: target.slice("/app".length) };
  peer.send(get(1, target, { params }));
  const answer = await peer.answer(1);
  expect(answer.status).toBe(status);
  expect(log.filter(({ code }) => code === "ERR_MOUNT_UNDECLARED")).toHaveLength(status === 403 ? 1 : 0);
});
