import { expect, test } from "vitest";

import { allow } from "../../src/roles/verdict.js";
import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

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
])(
  "behind %s a responder for %s warns of authorizers that nobody asks %d times",
  async (server, target, times) => {
    const { connect, log } = await serveDefinitions([gate, pages]);
    const peer = await connect();
    for (const id of [1, 2]) {
      peer.send(get(id, target, { params: { SERVER_SOFTWARE: server } }));
      await peer.answer(id);
    }

    const warnings = log.filter(({ code }) => code === "ERR_AUTHORIZER_UNASKED");
    expect(warnings).toHaveLength(times);
    for (const warning of warnings) expect(warning).toMatchObject({ server, authorizers: ["MembersGate"] });
  },
);
