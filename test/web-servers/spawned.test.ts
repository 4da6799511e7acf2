// Programs that Web servers start themselves and hand a listening socket on descriptor 0.
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { MarkedProcesses } from "../support/marked-processes.js";
import { apache } from "../support/web-servers/apache.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { programScript } from "../support/web-servers/program.js";
import { WebServer, type Place, type WebServerKind } from "../support/web-servers/web-server.js";

const servers: readonly { readonly name: string; readonly kind: WebServerKind }[] = [
  {
    name: "mod_fcgid",
    kind: apache(
      ["alias", "fcgid"],
      ({ folder }) => `
FcgidIPCDir ${folder}
FcgidProcessTableFile ${folder}/fcgid_shm
FcgidMaxProcesses 1
FcgidZombieScanInterval 1
ScriptAlias /app ${folder}/programs/started
<Directory ${folder}/programs>
  SetHandler fcgid-script
  Options +ExecCGI
</Directory>`,
    ),
  },
  {
    name: "lighttpd, over a unix socket",
    kind: lighttpd(
      ({ folder }) => `
fastcgi.server = ("/app" => ((
  "socket" => "${folder}/app.sock",
  "bin-path" => "${folder}/programs/started",
  "bin-environment" => ("PHP_FCGI_CHILDREN" => "4", "PHP_FCGI_MAX_REQUESTS" => "1"),
  "max-procs" => 1,
  "check-local" => "disable",
)))`,
    ),
  },
];

interface ProcessFacts {
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
}

describe.each(servers)("a program of $name", ({ name, kind }) => {
  let server: WebServer;
  let processes: MarkedProcesses;

  beforeEach(async () => {
    processes = new MarkedProcesses();
    const script = programScript("started", processes.env);
    server = await WebServer.start({
      ...kind,
      files: (place: Place) => ({ ...kind.files(place), "programs/started": script }),
    });
  });
  afterEach(() => server?.stop());

  const visit = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${server.url}/app${path}`, init);
  const facts = async (): Promise<ProcessFacts> => (await (await visit("/process")).json()) as ProcessFacts;

  test("answers on descriptor 0, and stays one process despite PHP's settings", async () => {
    const { pid, environment } = await facts();
    if (name.startsWith("lighttpd")) expect(environment["PHP_FCGI_CHILDREN"]).toBe("4");
    for (let time = 0; time < 3; time++) expect((await facts()).pid).toBe(pid);
    expect(processes.pids).toEqual([pid]);
    await server.errorLine(/Listening on fd:0 for FastCGI/);
    await server.stop();
    await processes.gone();
  });

  test("logs into the error log of the server, without duplicates", async () => {
    expect(await (await visit("/warn")).text()).toBe("warned");
    await server.errorLine(/"msg":"a warning"/);
    expect(server.errorLog.match(/a warning/g)).toHaveLength(1);
  });

  test("finishes active requests at SIGTERM, and another one is started for the next request", async () => {
    const { pid } = await facts();
    const later = visit("/later");
    await server.errorLine(/"msg":"waiting"/);
    process.kill(pid, "SIGTERM");
    expect(await (await later).text()).toBe("later");
    await server.errorLine(/stopped$/m);
    await expect.poll(async () => (await visit("/process")).status).toBe(200);
    expect((await facts()).pid).not.toBe(pid);
  });
});
