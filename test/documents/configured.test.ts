import { expect, test } from "vitest";

import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { servers } from "../../src/config/servers.js";
import type { RouteDescription } from "../../src/paths/routes-of.js";
import { blocksOf } from "./blocks.js";

/** The applications of the documents, as `tricorn config` describes them. */
const members: RouteDescription = {
  responders: [{ routes: [{ path: "/members/greeting" }] }],
  authorizers: [{ paths: ["/members/**"], variables: ["AUTH_USER"] }],
  filters: [],
};
const hello: RouteDescription = { responders: [{ routes: [{ path: "/" }] }], authorizers: [], filters: [] };

const shown: readonly (readonly [string, string, DeploymentInput, RouteDescription])[] = [
  [
    "docs/protect-an-apache-location.md",
    "apache",
    { root: "/srv/public", state: "/srv/apache", apache: { userVariable: "AUTH_USER" } },
    members,
  ],
  [
    "docs/mod-fcgid.md",
    "apache",
    { state: "/srv/hello/apache", command: ["node", "dist/main.js"], apache: { responder: "fcgid" } },
    hello,
  ],
  ["docs/lighttpd.md", "lighttpd", { root: "/srv/public" }, members],
];

test.each(shown)(
  "what %s shows is what tricorn config writes",
  (document, server, deployment, description) => {
    const { files } = servers[server]!({ deployment: parseDeployment(deployment), description });
    const excerpts = blocksOf(document).filter(({ language, info }) => language === "conf" && info === "");
    expect(excerpts.length).toBeGreaterThan(0);
    for (const { text } of excerpts) {
      const lines = text.split("\n").map((line) => line.trim());
      expect(
        files[0]!.text
          .split("\n")
          .map((line) => line.trim())
          .join("\n"),
      ).toContain(lines.join("\n"));
    }
  },
);

test.each(["hiawatha", "openlitespeed", "openbsd-httpd", "iis"])(
  "what docs/other-servers.md shows of %s is what tricorn config writes",
  (server) => {
    const listen = server === "hiawatha" ? "127.0.0.2:9000" : "127.0.0.1:9000";
    const deployment = parseDeployment({ name: "hello", listen, command: ["node.exe", "main.js"] });
    const { files } = servers[server]!({ deployment, description: hello });
    const excerpts = blocksOf("docs/other-servers.md").filter(({ info }) => info === server);
    expect(excerpts).toHaveLength(1);
    expect(files.map(({ text }) => text).join("")).toContain(excerpts[0]!.text);
  },
);

test("what docs/protect-an-apache-location.md shows of mod_fastcgi is what tricorn config writes", () => {
  const deployment = parseDeployment({
    name: "hello",
    state: "/srv/apache",
    apache: { responder: "fastcgi" },
  });
  const excerpt = blocksOf("docs/protect-an-apache-location.md").find(({ info }) => info === "mod_fastcgi");
  expect(servers["apache"]!({ deployment, description: hello }).files[0]!.text).toContain(excerpt!.text);
});

test("the command of docs/jetty.md is the one printed with the configuration", () => {
  const { run } = servers["jetty"]!({ deployment: parseDeployment({}), description: hello });
  expect(blocksOf("docs/jetty.md").some(({ text }) => text.split("\n").includes(run))).toBe(true);
});
