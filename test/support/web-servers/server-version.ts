import { spawnSync } from "node:child_process";

import packageJson from "../../../package.json" with { type: "json" };
import { programPath } from "./background-process.js";
import type { ServerName } from "./set-up.js";
import type { RunningServer } from "./web-server.js";

/** What makes a program tell its version, and where that stands. */
export interface VersionQuestion {
  readonly program: string;
  readonly args: readonly string[];
  readonly pattern: RegExp;
}

const questions: Readonly<Record<Exclude<ServerName, "jetty" | "gateway">, VersionQuestion>> = {
  nginx: { program: "nginx", args: ["-v"], pattern: /nginx\/([\d.]+)/ },
  apache: { program: "apache2", args: ["-v"], pattern: /Apache\/([\d.]+)/ },
  lighttpd: { program: "lighttpd", args: ["-v"], pattern: /lighttpd\/([\d.]+)/ },
  caddy: { program: "caddy", args: ["version"], pattern: /^v?([\d.]+)/ },
  haproxy: { program: "haproxy", args: ["-v"], pattern: /version ([\d.]+)/ },
  h2o: { program: "h2o", args: ["-v"], pattern: /version ([\d.]+)/ },
};

/** The version of a Web server, as it tells it itself: when it is asked, or when it starts. */
export async function serverVersion(name: ServerName, server: RunningServer): Promise<string> {
  if (name === "gateway") return packageJson.version;
  if (name !== "jetty") return programVersion(questions[name]);
  const [, version] = await server.errorLine(/jetty-([\d.]+\d)/);
  return version!;
}

/** The version that a program tells. */
export function programVersion({ program, args, pattern }: VersionQuestion): string {
  const { stdout, stderr } = spawnSync(programPath(program), args, { encoding: "utf8" });
  const [, version] = pattern.exec(stdout + stderr) ?? [];
  if (version === undefined) throw new Error(`Cannot read the version of ${program}: ${stdout}${stderr}`);
  return version;
}
