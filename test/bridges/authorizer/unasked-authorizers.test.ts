import { expect, test } from "vitest";

import { allow } from "../../../src/roles/verdict.js";
import { askAsCaddy, askAsNginx } from "../../support/gates.js";
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
  ["nginx/1.22.1", "/members/page", 1],
  ["Caddy/v2.6.2", "/MEMBERS/../members/page", 1],
  ["nginx/1.22.1", "/page", 0],
  ["Apache/2.4.71 (Debian)", "/members/page", 0],
  ["lighttpd/1.4.69", "/members/page", 0],
])("behind %s a responder for %s warns of unasked authorizers %d times", async (server, target, times) => {
  const { connect, log } = await serveDefinitions([gate, pages]);
  const peer = await connect();
  for (const id of [1, 2]) {
    peer.send(get(id, target, { params: { SERVER_SOFTWARE: server } }));
    await peer.answer(id);
  }

  const warnings = log.filter(({ code }) => code === "ERR_AUTHORIZER_UNASKED");
  expect(warnings).toHaveLength(times);
  for (const warning of warnings) expect(warning).toMatchObject({ server, authorizers: ["MembersGate"] });
});

test("the warning names the remedies, and appears once", async () => {
  const { connect, log } = await serveDefinitions([gate, pages]);
  const peer = await connect();
  for (let round = 0; round < 3; round += 1) {
    await peer.send(get(1, "/members/page", { params: { SERVER_SOFTWARE: "nginx/1.22.1" } })).answer(1);
  }
  const warnings = log.filter(({ code }) => code === "ERR_AUTHORIZER_UNASKED");
  expect(warnings).toHaveLength(1);
  expect(warnings[0]!.msg).toMatch(/auth_request.*bridges\.authorizer\.inProcess/);
});

test.each([
  ["asked by nginx through the bridge", "nginx/1.22.1", askAsNginx],
  ["asked by Caddy through the bridge", "Caddy/v2.6.2", askAsCaddy],
])(
  "there is no warning about an authorizer that was %s, and one about each that was not",
  async (_how, server, ask) => {
    const staff = { ...gate, name: "StaffGate", paths: ["/staff/**"] };
    const { connect, log } = await serveDefinitions([gate, staff, pages]);
    const peer = await connect();
    const visit = async (path: string): Promise<void> => {
      await peer.send(get(1, path, { params: { SERVER_SOFTWARE: server } })).answer(1);
    };
    const unasked = (): unknown[] =>
      log.filter(({ code }) => code === "ERR_AUTHORIZER_UNASKED").map(({ authorizers }) => authorizers);

    await peer.send(ask(1, "/members/page")).answer(1);
    await visit("/members/page");
    expect(unasked()).toEqual([]);
    await visit("/staff/page");
    expect(unasked()).toEqual([["StaffGate"]]);
  },
);

test("there is no warning if another process was asked, whose variables came with the request", async () => {
  const { connect, log } = await serveDefinitions([{ ...gate, variables: ["AUTH_USER"] }, pages]);
  const peer = await connect();
  const params = { SERVER_SOFTWARE: "nginx/1.22.1", AUTH_USER: "ada" };
  await peer.send(get(1, "/members/page", { params })).answer(1);
  expect(log.filter(({ code }) => code === "ERR_AUTHORIZER_UNASKED")).toEqual([]);
});

test("there is no warning if this process asks", async () => {
  const { connect, log } = await serveDefinitions([gate, pages], {
    listener: { bridges: { authorizer: { inProcess: true } } },
  });
  const peer = await connect();
  await peer.send(get(1, "/members/page", { params: { SERVER_SOFTWARE: "HAProxy 2.6.12" } })).answer(1);
  expect(log.filter(({ code }) => code === "ERR_AUTHORIZER_UNASKED")).toEqual([]);
});
