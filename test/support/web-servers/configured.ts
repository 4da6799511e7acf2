import {
  createApplication,
  createContainer,
  type ControllerClass,
  type ApplicationDescription,
} from "tricorn";

import type { Configuration, ConfigurationWriter } from "../../../src/config/configuration.js";
import { parseDeployment, type DeploymentInput } from "../../../src/config/deployment.js";
import type { Place, WebServerKind } from "./web-server.js";

/** What a configuration is generated from, in a place of its own. */
export interface ConfiguredOptions {
  readonly writer: ConfigurationWriter;
  /** What is deployed; the place says where the Web server listens and where it keeps its state. */
  readonly deployment: (place: Place) => DeploymentInput;
  readonly description: ApplicationDescription;
  /** Further files, such as those of the root, by their path below the server's folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What controllers answer, as plain data. */
export function descriptionOf(...controllers: ControllerClass[]): ApplicationDescription {
  return createApplication({ controllers, container: createContainer() }).description;
}

/** The configuration for a place, complete with all that it is checked by. */
function generate({ writer, deployment, description }: ConfiguredOptions, place: Place): Configuration {
  const { port, folder } = place;
  const input = { port, bind: "127.0.0.1", state: folder, ...deployment(place) };
  return writer({ deployment: parseDeployment(input), description });
}

/** The files of a configuration and its folders, by their path below the server's folder. */
function filesOf({ files, folders }: Configuration, { folder }: Place): Record<string, string> {
  const below = (path: string): string =>
    path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
  return Object.fromEntries([
    ...folders.filter((path) => path !== folder).map((path) => [`${below(path)}/.keep`, ""]),
    ...files.map(({ name, text }) => [below(name), text]),
  ]);
}

/** A Web server that runs with a generated configuration. */
export function configured(kind: Omit<WebServerKind, "files">, options: ConfiguredOptions): WebServerKind {
  return {
    ...kind,
    files: (place) => ({ ...filesOf(generate(options, place), place), ...options.files }),
  };
}

/** Apache with a generated configuration. */
export function configuredApache(options: ConfiguredOptions): WebServerKind {
  return configured(
    {
      program: "apache2",
      notAsRoot: true,
      args: ({ folder }) => ["-d", folder, "-f", `${folder}/apache.conf`, "-DFOREGROUND"],
    },
    options,
  );
}

/** lighttpd with a generated configuration. */
export function configuredLighttpd(options: ConfiguredOptions): WebServerKind {
  return configured(
    { program: "lighttpd", notAsRoot: true, args: ({ folder }) => ["-D", "-f", `${folder}/lighttpd.conf`] },
    options,
  );
}

/** Jetty with a generated configuration: the command that comes with it. */
export function configuredJetty(options: ConfiguredOptions): WebServerKind {
  const run = (place: Place): string => generate(options, place).run.replace(/^java /, "");
  return configured({ program: "java", args: (place) => run(place).split(" ") }, options);
}
