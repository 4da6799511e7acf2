// The same program as a CGI program of real Web servers: started for each request, and gone when that is over.
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { MarkedProcesses } from "../support/marked-processes.js";
import { apache } from "../support/web-servers/apache.js";
import { curl } from "../support/web-servers/curl.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { payload } from "../support/web-servers/payload.js";
import { programScript } from "../support/web-servers/program.js";
import { WebServer, type Place, type WebServerKind } from "../support/web-servers/web-server.js";

interface CgiServer {
  readonly name: string;
  readonly kind: WebServerKind;
  /** Whether it creates arguments from a query without "=" (RFC 3875, section 4.4). */
  readonly passesArguments: boolean;
  /** Whether what it prints to standard error is still read when its client has left. */
  readonly readsErrors: boolean;
}

function apacheWith(module: string): WebServerKind {
  return apache(
    ["alias", "env", module],
    ({ folder }) => `
${module === "cgid" ? `ScriptSock ${folder}/cgid.sock` : ""}
SetEnv FROM_THE_SERVER yes
ScriptAlias /app ${folder}/programs/started`,
  );
}

const servers: readonly CgiServer[] = [
  { name: "Apache with mod_cgid", kind: apacheWith("cgid"), passesArguments: true, readsErrors: true },
  { name: "Apache with mod_cgi", kind: apacheWith("cgi"), passesArguments: true, readsErrors: false },
  {
    name: "lighttpd with mod_cgi",
    passesArguments: false,
    readsErrors: true,
    kind: lighttpd(
      ({ folder }) => `
server.modules += ("mod_cgi", "mod_alias", "mod_setenv")
server.stream-response-body = 1
setenv.add-environment = ("FROM_THE_SERVER" => "yes")
alias.url = ("/app" => "${folder}/programs/started")
$HTTP["url"] =~ "^/app" { cgi.assign = ("" => "") }`,
    ),
  },
];

interface ProcessFacts {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

describe.each(servers)("a CGI program of $name", ({ kind, passesArguments, readsErrors }) => {
  let server: WebServer;
  let processes: MarkedProcesses;

  beforeEach(async () => {
    processes = new MarkedProcesses();
    const script = programScript("started", { ...processes.env, STARTED_LIMIT: "3000" });
    server = await WebServer.start({
      ...kind,
      files: (place: Place) => ({ ...kind.files(place), "programs/started": script }),
    });
  });
  afterEach(() => server?.stop());

  const visit = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${server.url}/app${path}`, init);
  const facts = async (path: string, init?: RequestInit): Promise<ProcessFacts> =>
    (await (await visit(path, init)).json()) as ProcessFacts;

  test("ignores arguments that a client makes of a query", async () => {
    const words = ["--inspect=0.0.0.0:9229", "-e", "process.exit(7)", "/tmp/evil.sock"];
    const { arguments: args } = await facts(`/process?${words.map(encodeURIComponent).join("+")}`);
    // mod_cgid escapes what a shell could understand; that they arrive at all is what this is about.
    expect(args).toHaveLength(passesArguments ? words.length : 0);
    await processes.gone();
  });

  test("has the server's variables in its environment, and nothing of the request", async () => {
    const headers = { Cookie: "session=s3cret", Authorization: "Bearer s3cret", "X-Secret": "s3cret" };
    const { environment } = await facts("/process?a=b", { headers });
    expect(environment["FROM_THE_SERVER"]).toBe("yes");
    expect(
      Object.keys(environment).filter((name) => /^(?:HTTP_|REQUEST_|REMOTE_|QUERY_|GATEWAY_)/.test(name)),
    ).toEqual([]);
    expect(JSON.stringify(environment)).not.toContain("s3cret");
    const params = (await (await visit("/params", { headers })).json()) as Readonly<Record<string, string>>;
    expect(params).toMatchObject({
      HTTP_COOKIE: "session=s3cret",
      HTTP_X_SECRET: "s3cret",
      FROM_THE_SERVER: "yes",
    });
  });

  test.each([400_000, 4_000_000])("answers with %i bytes even if what is sent is not read", async (bytes) => {
    const body = payload(4_000_000);
    const answer = await visit(`/large?bytes=${bytes}`, { method: "POST", body });
    expect([answer.status, (await answer.text()).length]).toEqual([200, bytes]);
    await processes.gone();
  });

  test("ends after its client has left", async () => {
    const { code } = await curl("--max-time", "1", "--output", "/dev/null", `${server.url}/app/pour`);
    expect(code).toBe(28);
    await processes.gone();
    if (readsErrors) await server.errorLine(/^stopped$/m);
  });

  test("outlives its server by no more than its time limit, in the middle of a request", async () => {
    const hanging = visit("/hang").then(
      () => "answered",
      () => "broken",
    );
    await server.errorLine(/"msg":"hanging"/);
    expect(processes.pids).not.toEqual([]);
    await server.stop();
    await hanging;
    await processes.gone();
  });

  test("logs to its server's log, once", async () => {
    expect(await (await visit("/warn")).text()).toBe("warned");
    await server.errorLine(/"msg":"a warning"/);
    expect(server.errorLog.match(/a warning/g)).toHaveLength(1);
  });
});
