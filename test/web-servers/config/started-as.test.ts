// What `tricorn config` writes works unchanged, whether root starts the Web server or an ordinary user.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { configure } from "../../../src/config/configure.js";
import type { DeploymentInput } from "../../../src/config/deployment.js";
import { commandOf } from "../../support/node-process.js";
import { programPath } from "../../support/web-servers/background-process.js";
import { bundledProgram } from "../../support/web-servers/bundled-program.js";
import { folderForTests } from "../../support/web-servers/folder-for-tests.js";
import { serveApplication, type ServedApplication } from "../../support/web-servers/served-application.js";
import { WebServer, type Place, type WebServerKind } from "../../support/web-servers/web-server.js";

interface Case {
  readonly server: string;
  readonly program: string;
  /** How the Web server starts the application, if it does. */
  readonly deployment?: DeploymentInput;
}

const cases: readonly Case[] = [
  { server: "nginx", program: "nginx" },
  { server: "caddy", program: "caddy" },
  { server: "haproxy", program: "haproxy" },
  { server: "h2o", program: "h2o" },
  { server: "lighttpd", program: "lighttpd" },
  { server: "lighttpd", program: "lighttpd", deployment: { lighttpd: { responder: "spawn" } } },
  { server: "apache", program: "apache2" },
  { server: "apache", program: "apache2", deployment: { apache: { responder: "fcgid" } } },
  { server: "apache", program: "apache2", deployment: { apache: { responder: "cgi" } } },
];

const isRoot = process.getuid!() === 0;
/** Who starts the Web server. Only root can start it as somebody else. */
const users = isRoot ? (["root", "www-data"] as const) : (["an ordinary user"] as const);

describe.each(users)("started by %s", (user) => {
  const folder = folderForTests();
  let application: ServedApplication;
  let command: readonly string[];
  beforeAll(async () => {
    application = await serveApplication();
    command = [process.execPath, await bundledProgram("contract", { folder: folder() })];
  });
  afterAll(() => application?.close());

  /** The Web server, configured by the command and run by the commands that this prints. */
  function kind({ server, program, deployment = {} }: Case): WebServerKind {
    const isGiven = user === "www-data";
    const as = isGiven ? "setpriv --reuid=www-data --regid=www-data --clear-groups --pdeathsig TERM -- " : "";
    const printed = ({ folder: state }: Pick<Place, "folder">): { check: string; run: string } => {
      const { check, run } = configure(server, {
        deployment: { state, command: [...command], ...deployment },
      });
      return { check: check!, run };
    };
    const options = Object.values(deployment).flatMap((own) =>
      Object.entries(own as Record<string, string>).map(([name, value]) => [`--${server}-${name}`, value]),
    );
    const write = ({ port, folder: state }: Place): string =>
      [
        ...commandOf("src/cli/main.ts"),
        `config ${server} --bind 127.0.0.1 --port ${port} --listen ${application.address}`,
        `--state ${state} --out ${state}`,
        ...options.flat(),
        "--",
        ...command,
      ].join(" ");
    return {
      program: programPath(program) && "sh",
      check: (place) =>
        [
          write(place),
          ...(isGiven ? ["chown -R www-data:www-data ."] : []),
          `${as}${printed(place).check}`,
        ].join(" && "),
      args: (place) => [
        "-c",
        `exec ${as}${printed(place).run}${server === "nginx" ? " -g 'daemon off;'" : ""}`,
      ],
      files: () => ({}),
      env: ({ folder: home }) => ({ HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }),
      ...(server === "h2o" && { stopSignal: "SIGINT" }),
    };
  }

  test.each(cases)("$server serves with $deployment", async (one) => {
    const server = await WebServer.start(kind(one));
    onTestFinished(() => server.stop());
    expect(await (await fetch(`${server.url}/hello`)).text()).toBe("Hello\n");
    const body = Buffer.alloc(2 * 1024 * 1024, "x");
    const echoed = await fetch(`${server.url}/echo`, { method: "POST", body });
    expect((await echoed.arrayBuffer()).byteLength).toBe(body.length);
  });
});
