import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { nextSteps } from "../../src/cli/next-steps.js";
import { folderCommand } from "../../src/cli/owned-folder.js";
import { writeConfiguration, type WrittenConfiguration } from "../../src/cli/write-configuration.js";
import { configure } from "../../src/config/configure.js";
import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { temporaryFolder } from "../support/served.js";

const isRoot = process.getuid!() === 0;

/** The command for root; undefined if none is needed. */
function asRoot(server: string, deployment: DeploymentInput): string | undefined {
  const { owned } = configure(server, { deployment });
  return owned && folderCommand(owned);
}

/** The next steps for a deployment. */
function steps(server: string, deployment: DeploymentInput, written?: WrittenConfiguration): string {
  return nextSteps(configure(server, { deployment }), { deployment: parseDeployment(deployment), written });
}

test.each([
  ["lighttpd", {}, "install -d -o www-data -g www-data /srv/run"],
  ["lighttpd", { webServerUser: "web", webServerGroup: "http" }, "install -d -o web -g http /srv/run"],
  ["h2o", {}, "install -d -o nobody /srv/run"],
  ["h2o", { webServerUser: "web" }, "install -d -o web /srv/run"],
])("%s with %j writes into its state folder without root privileges", (server, more, command) => {
  expect(asRoot(server, { state: "/srv/run", ...more })).toBe(command);
  expect(asRoot(server, more)).toBeUndefined();
  expect(asRoot(server, { state: "/srv/run", part: "into", mount: "/app", ...more })).toBeUndefined();
});

test("the folder's name is one word in a shell", () => {
  expect(asRoot("h2o", { state: "/srv/a&b" })).toBe("install -d -o nobody '/srv/a&b'");
});

test("servers that open their files as root need no command", () => {
  expect(
    ["nginx", "apache", "caddy", "haproxy"].map((server) => asRoot(server, { state: "/srv/run" })),
  ).toEqual([undefined, undefined, undefined, undefined]);
});

test("H2O has a master that writes the pid file in the system's folder", () => {
  expect(configure("h2o").run).toBe("h2o -m master -c h2o.conf");
  expect(configure("h2o", { deployment: { state: "/srv/run" } }).run).toBe("h2o -c h2o.conf");
});

test("the command is printed before the check, unless root has written the configuration", () => {
  const printed = steps("h2o", { state: "/srv/run" });
  expect(printed).toContain(
    "\nas root      install -d -o nobody /srv/run\ncheck        h2o -t -c h2o.conf\n",
  );
  const owned = { isGiven: true, closed: undefined };
  const done = steps("h2o", { state: "/srv/run" }, { folder: process.cwd(), files: [], owned });
  expect(done).toContain("\nfolder       /srv/run belongs to nobody\ncheck        h2o -t -c h2o.conf\n");
  expect(done).not.toContain("as root");
});

test("the folder is only left to root if it could not be given away", async () => {
  const folder = temporaryFolder();
  const state = join(folder, "run");
  const write = async (webServerUser: string): Promise<string> => {
    const deployment = { state, webServerUser };
    const written = await writeConfiguration(configure("lighttpd", { deployment }), folder);
    return steps("lighttpd", deployment, written);
  };
  const command = (user: string): string => `as root      install -d -o ${user} -g www-data ${state}\n`;
  expect(await write("no-such-user")).toContain(command("no-such-user"));
  const output = await write("daemon");
  const { uid, gid } = statSync(state);
  if (isRoot) expect([uid, gid]).not.toContain(0);
  else expect(output).toContain(command("daemon"));
  expect(output.includes(`folder       ${state} belongs to daemon\n`)).toBe(isRoot);
});

test.runIf(isRoot)("root is told of a folder above it that the Web server cannot enter", async () => {
  const folder = temporaryFolder();
  const closed = join(folder, "closed");
  mkdirSync(closed);
  const deployment = { state: join(closed, "deep/run") };
  const write = async (): Promise<string> =>
    steps("h2o", deployment, await writeConfiguration(configure("h2o", { deployment }), folder));
  chmodSync(folder, 0o755);
  chmodSync(closed, 0o750);
  expect(await write()).toContain(
    `\nnote         nobody cannot enter ${closed}: choose a --state outside of it.\n`,
  );
  chmodSync(closed, 0o755);
  expect(await write()).not.toContain("cannot enter");
});
