import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import type { Configuration, ConfigurationSource } from "../../src/config/configuration.js";
import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { servers } from "../../src/config/servers.js";
import { programPath } from "../support/web-servers/background-process.js";
import type { WebServerKind } from "../support/web-servers/web-server.js";

/** The servers that are started with their configurations here. */
export type Started = "nginx" | "caddy" | "haproxy" | "h2o";

const kinds: Record<Started, Omit<WebServerKind, "files">> = {
  nginx: {
    program: "nginx",
    args: () => ["-e", "stderr", "-p", ".", "-c", "nginx.conf", "-g", "daemon off;"],
  },
  caddy: {
    program: "caddy",
    args: () => ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
    // It saves what it runs with there.
    env: ({ folder }) => ({ HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
  },
  haproxy: { program: "haproxy", args: () => ["-f", "haproxy.cfg"] },
  // SIGTERM would wait for idle connections.
  h2o: { program: "h2o", args: () => ["-c", "h2o.conf"], stopSignal: "SIGINT" },
};

/** A server started by root would otherwise run its workers as a user who cannot enter the tests' folders. */
const asRoot: DeploymentInput =
  process.getuid?.() === 0 ? { webServerUser: userInfo().username, webServerGroup: "root" } : {};

/** The options of a Web server's start. */
export interface StartedOptions {
  readonly deployment: DeploymentInput;
  readonly description: Description;
  /** An administrator's changes to the main file. */
  readonly edit?: ((text: string) => string) | undefined;
}

/** A Web server with its generated configuration, which keeps its pid file and logs in a folder of the test. */
export function started(
  server: Started,
  { deployment, description, edit = (text) => text }: StartedOptions,
): WebServerKind {
  return {
    ...kinds[server],
    files: ({ port, folder }) => {
      const told = { ...asRoot, port, bind: "127.0.0.1", state: folder, ...deployment };
      return Object.fromEntries(
        write(server, told, description).files.map(({ name, text }) => [name, edit(text)]),
      );
    },
  };
}

/** Descriptions of applications. */
export type Description = ConfigurationSource["description"];

/** An unknown application. */
export const unknown: Description = { responders: [], authorizers: [], filters: [] };

/** An application with something in each role. */
export const library: Description = {
  responders: [{ routes: [{ path: "/" }, { path: "/books/:id" }, { path: "/ticks", streams: true }] }],
  authorizers: [{ paths: ["/members/**", "*.pdf"], variables: ["AUTH_USER", "AUTH_ROLE"] }],
  filters: [{ paths: ["*.md"] }],
};

/** Writes a configuration. */
export function write(
  server: string,
  deployment: DeploymentInput = {},
  description = unknown,
): Configuration {
  return servers[server]!({ deployment: parseDeployment(deployment), description });
}

/** The text of its main file. */
export function textOf(server: string, deployment: DeploymentInput = {}, description = unknown): string {
  return write(server, deployment, description).files[0]!.text;
}

/** The usual output of checks. Caddy also mentions its certificates, which are not needed here. */
const APPROVALS =
  /^(?:nginx: .* (?:syntax is ok|test is successful)|Valid configuration|Configuration file is valid|configuration OK|\{"level":"info".*|\{"level":"warn".*"automatic HTTPS is completely disabled.*|)$/;

/** Runs the server's own check of a configuration in a temporary folder; returns its complaints. */
export async function complaints(configuration: Configuration): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "tricorn-check-"));
  try {
    for (const { name, text } of configuration.files) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    const [program, ...args] = configuration.check!.split(" ");
    const { stdout, stderr } = await promisify(execFile)(programPath(program!), args, {
      cwd: folder,
      env: { ...process.env, HOME: folder },
    }).catch((error: unknown) => ({ stdout: "", stderr: String(error) }));
    return (stdout + stderr).split("\n").filter((line) => !APPROVALS.test(line));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
