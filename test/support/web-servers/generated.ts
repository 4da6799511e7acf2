import type { Configuration } from "../../../src/config/configuration.js";
import { parseDeployment, type DeploymentInput } from "../../../src/config/deployment.js";
import { servers } from "../../../src/config/servers.js";
import type { RouteDescription } from "../../../src/paths/routes-of.js";
import { programPath } from "./background-process.js";
import { webServerGroup } from "./served-application.js";
import type { ConfiguredServer } from "./set-up.js";
import type { Place, WebServerKind } from "./web-server.js";

/** What a configuration is written for, beside the place of its Web server. */
export interface GeneratedOptions {
  readonly server: ConfiguredServer;
  /** Where the application listens: `127.0.0.1:9000`, or the path of a unix socket; for SCGI after `scgi:`. */
  readonly address: string;
  readonly description: RouteDescription;
  readonly mount?: string | undefined;
  /** The folder of the files. */
  readonly root?: string | undefined;
  /** What the deployment says beside that. */
  readonly deployment?: DeploymentInput | undefined;
}

const programs: Readonly<Record<ConfiguredServer, string>> = {
  nginx: "nginx",
  apache: "apache2",
  lighttpd: "lighttpd",
  caddy: "caddy",
  haproxy: "haproxy",
  h2o: "h2o",
  jetty: "java",
};

/** What keeps a server in the foreground that would leave it. */
const foreground: Readonly<Partial<Record<ConfiguredServer, string>>> = { nginx: ` -g "daemon off;"` };

/**
 * What a server is told on its command line for the tests. mod_fcgid bounds by time how often it starts a program, and looks
 * only from time to time whether one has ended; the tests end programs as often as they can.
 */
const forTests: Readonly<Partial<Record<ConfiguredServer, string>>> = {
  apache: ["SpawnScoreUpLimit 10000", "TerminationScore 0", "ZombieScanInterval 1", "ErrorScanInterval 1"]
    .map((directive) => ` -c "<IfModule fcgid_module>" -c "Fcgid${directive}" -c "</IfModule>"`)
    .join(""),
};

/** The configuration that `tricorn config` writes for a place. */
export function configurationFor(
  options: GeneratedOptions,
  { port, folder }: Pick<Place, "port" | "folder">,
): Configuration {
  const { server, address, description, mount, root, deployment } = options;
  const write = servers[server];
  if (write === undefined) throw new Error(`Cannot configure ${server}: nobody writes its configuration`);
  const place = address.replace(/^scgi:/, "");
  const parsed = parseDeployment({
    listen: place.startsWith("/") ? `unix:${place}` : place,
    protocol: place === address ? "fastcgi" : "scgi",
    serverName: "127.0.0.1",
    bind: "127.0.0.1",
    port,
    state: `${folder}/state`,
    ...(webServerGroup !== undefined && { webServerGroup, webServerUser: "www-data" }),
    ...(mount !== undefined && { mount }),
    ...(root !== undefined && { root }),
    ...deployment,
  });
  return write({ deployment: parsed, description });
}

/** A Web server that has what `tricorn config` writes and nothing else, checked and run by the commands that this names. */
export function generated(options: GeneratedOptions): WebServerKind {
  const { server } = options;
  return {
    // The commands are the shell's; that the server is there is looked at before.
    program: programPath(programs[server]) && "sh",
    args: (place) => [
      "-c",
      `exec ${configurationFor(options, place).run}${foreground[server] ?? ""}${forTests[server] ?? ""}`,
    ],
    check: (place) => {
      const { before, check } = configurationFor(options, place);
      return [before, check].filter((command) => command !== undefined).join(" && ") || undefined;
    },
    folders: (place) => [`${place.folder}/state`, ...configurationFor(options, place).folders],
    logs: ["state/error.log"],
    files: (place) =>
      Object.fromEntries(configurationFor(options, place).files.map(({ name, text }) => [name, text])),
    // Caddy keeps its state in the home directory.
    env: ({ folder }) => ({ HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
    // SIGTERM lets H2O wait for idle connections.
    ...(server === "h2o" && { stopSignal: "SIGINT" }),
    ...(server === "apache" && { notAsRoot: true }),
  };
}
