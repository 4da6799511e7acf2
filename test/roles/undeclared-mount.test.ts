import { expect, test } from "vitest";

import { allow } from "../../src/roles/verdict.js";
import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const gate = { kind: "authorizer", name: "Gate", paths: [], authorize: () => allow() } as const;
const pages = responder({ "GET /page": () => "page" });
const told = { SCRIPT_NAME: "/app", PATH_INFO: "/page" };

test.each([
  ["with authorizers, beside a mount that it was not told, warns once", [gate, pages], "", told, [404, 1]],
  ["with authorizers, whose route is found, does not warn", [gate, pages], "/app", told, [200, 0]],
  [
    "with authorizers, told no mount, does not warn",
    [gate, pages],
    "",
    { SCRIPT_NAME: "/app/page" },
    [404, 0],
  ],
  ["without authorizers believes the mount and does not warn", [pages], "", told, [200, 0]],
] as const)("an application %s", async (_, definitions, mount, params, [status, warnings]) => {
  const { connect, log } = await serveDefinitions(definitions, { dispatcher: { mount } });
  const peer = await connect();
  for (const id of [1, 2]) {
    peer.send(get(id, "/app/page", { params }));
    expect((await peer.answer(id)).status).toBe(status);
  }

  const warned = log.filter(({ code }) => code === "ERR_MOUNT_UNDECLARED");
  expect(warned).toHaveLength(warnings);
  for (const line of warned) expect(line).toMatchObject({ mount: "/app" });
});
