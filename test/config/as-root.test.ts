import { expect, test } from "vitest";

import { configure } from "../../src/config/configure.js";
import { nextSteps } from "../../src/cli/next-steps.js";
import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";

const asRoot = (server: string, deployment: DeploymentInput): string | undefined =>
  configure(server, { deployment }).asRoot;

test.each([
  ["lighttpd", {}, "chown www-data:www-data /srv/run"],
  ["lighttpd", { webServerUser: "web", webServerGroup: "http" }, "chown web:http /srv/run"],
  ["h2o", {}, "chown nobody /srv/run"],
  ["h2o", { webServerUser: "web" }, "chown web /srv/run"],
])("%s with %j writes into its state folder without root privileges", (server, more, command) => {
  expect(asRoot(server, { state: "/srv/run", ...more })).toBe(command);
  expect(asRoot(server, more)).toBeUndefined();
  expect(asRoot(server, { state: "/srv/run", part: "site", ...more })).toBeUndefined();
});

test("the folder's name is one word in a shell", () => {
  expect(asRoot("h2o", { state: "/srv/a&b" })).toBe("chown nobody '/srv/a&b'");
});

test("servers that open their files as root need no command", () => {
  expect(
    ["nginx", "apache", "caddy", "haproxy"].map((server) => asRoot(server, { state: "/srv/run" })),
  ).toEqual([undefined, undefined, undefined, undefined]);
});

test("the command is printed before the check", () => {
  const deployment = { state: "/srv/run" };
  const steps = nextSteps(configure("h2o", { deployment }), {
    deployment: parseDeployment(deployment),
    written: undefined,
  });
  expect(steps).toContain("\nas root      chown nobody /srv/run\ncheck        h2o -t -c h2o.conf\n");
});
