import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { testGate, type GateDoor, type GateKind } from "../support/web-servers/behind-gate.js";
import { putBehind } from "../support/web-servers/behind.js";
import { Contract, type Digest, type Seen } from "../support/web-servers/contract.js";
import { testEssentials } from "../support/web-servers/essentials.js";
import { freePort } from "../support/web-servers/free-port.js";
import { GateProcess } from "../support/web-servers/gate-process.js";
import { CANARY, Gate } from "../support/web-servers/gate.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import { programScript } from "../support/web-servers/program.js";
import { serveApplication, type ServedApplication } from "../support/web-servers/served-application.js";
import { WebServer, type Place, type WebServerKind } from "../support/web-servers/web-server.js";

describe.each([
  ["at the root", ""],
  ["at /app", "/app"],
])("the contract behind lighttpd %s", (_, mount) => {
  const behind = putBehind((address) =>
    lighttpd(
      () => `
server.stream-response-body = 1
fastcgi.server = ("${mount || "/"}" => ((
  "socket" => "${address}",
  "check-local" => "disable",
  "fix-root-scriptname" => "enable",
)))`,
    ),
  );
  // lighttpd 1.4.69 misses one reset in twenty, and keeps both connections then.
  testEssentials(() => ({ ...behind(), mount }), { overlooksDepartures: true });
});

describe("an authorizer behind lighttpd", () => {
  let gate: ServedApplication;
  let none: ServedApplication;
  let killed: GateProcess;
  let server: WebServer;

  beforeAll(async () => {
    gate = await serveApplication({
      controllers: [Gate, Contract],
      mount: "/gate",
      timeouts: { authorizer: 100 },
    });
    none = await serveApplication();
    killed = await GateProcess.start();
    server = await WebServer.start(protectedFiles({ gate, none, killed, gone: await freePort() }));
  });
  afterAll(async () => {
    await server?.stop();
    await killed?.stop();
    await none?.close();
    await gate?.close();
  });

  testGate((): GateDoor => ({
    url: (kind, mode) => `${server.url}/${kind}/canary?mode=${mode}`,
    denied: 403,
    failed: [500, 504],
    killGate: () => killed.killWhileDeciding(),
  }));

  test("its denial goes to the client as it is", async () => {
    const denied = await fetch(`${server.url}/gate/canary?mode=deny`);
    expect([denied.status, denied.headers.get("x-denied"), await denied.text()]).toEqual([
      403,
      "yes",
      "Not for you.\n",
    ]);
    const redirected = await fetch(`${server.url}/gate/canary?mode=redirect`, { redirect: "manual" });
    expect([redirected.status, redirected.headers.get("location")]).toEqual([302, "/log-in"]);
  });

  test("its variables are seen by the responder behind it", async () => {
    const seen = (await (await fetch(`${server.url}/gate/seen/it.page?mode=allow`)).json()) as Seen;
    expect(seen.params).toMatchObject({ AUTH_USER: "ada", AUTH_PHASE: "none" });
    expect((await fetch(`${server.url}/gate/seen/it.page?mode=deny`)).status).toBe(403);
  });
});

interface Gates {
  readonly gate: ServedApplication;
  readonly none: ServedApplication;
  readonly killed: GateProcess;
  readonly gone: number;
}

/** A canary behind each kind of gate, and the contract behind the first one. */
function protectedFiles({ gate, none, killed, gone }: Gates): WebServerKind {
  const kind = lighttpd(({ folder }) => {
    const door = (path: string, address: string): string => `
  "${path}" => ((
    ${address}, "mode" => "authorizer", "docroot" => "${folder}/www", "check-local" => "disable",
  )),`;
    const [host, port] = killed.address.split(":");
    return `
fastcgi.server = (${door("/gate/", `"socket" => "${gate.address}"`)}${door("/none/", `"socket" => "${none.address}"`)}
  ${door("/gone/", `"host" => "127.0.0.1", "port" => ${gone}`)}${door("/killed/", `"host" => "${host}", "port" => ${port}`)}
  ".page" => (("socket" => "${gate.address}", "check-local" => "enable")),
)`;
  });
  const kinds: readonly GateKind[] = ["gate", "none", "gone", "killed"];
  const canaries = Object.fromEntries(kinds.map((name) => [`www/${name}/canary`, CANARY]));
  // Behind an authorizer lighttpd looks for a file before it asks a responder.
  const files = { ...canaries, "www/gate/seen/it.page": "" };
  return { ...kind, files: (place: Place) => ({ ...kind.files(place), ...files }) };
}

describe("a responder that lighttpd starts", () => {
  let server: WebServer;

  beforeAll(async () => {
    const kind = lighttpd(
      ({ folder }) => `
fastcgi.server = ("/app" => ((
  "socket" => "${folder}/app.sock",
  "bin-path" => "${folder}/contract",
  "max-procs" => 1,
  "check-local" => "disable",
)))`,
    );
    server = await WebServer.start({
      ...kind,
      files: (place) => ({
        ...kind.files(place),
        contract: programScript("contract", { TRICORN_LOG_LEVEL: "info" }),
      }),
    });
  });
  afterAll(() => server?.stop());

  test("finds its socket on descriptor 0, and answers", async () => {
    const body = payload(1024 * 1024);
    const answer = await fetch(`${server.url}/app/digest`, { method: "POST", body });
    expect((await answer.json()) as Digest).toMatchObject({ sha256: sha256(body) });
    const seen = (await (await fetch(`${server.url}/app/seen/a%20b?c`)).json()) as Seen;
    expect(seen).toMatchObject({ mount: "/app", path: "/seen/a%20b", query: "c" });
    await server.errorLine(/Listening on fd:0 for FastCGI/);
  });

  test("writes what it logs into the error log of lighttpd", async () => {
    expect((await fetch(`${server.url}/app/fail`)).status).toBe(500);
    await server.errorLine(/Cannot complete request: GET \/fail failed/);
  });
});
