import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { apache } from "../support/web-servers/apache.js";
import { testGate, type GateDoor, type GateKind } from "../support/web-servers/behind-gate.js";
import { Contract, type Seen } from "../support/web-servers/contract.js";
import { freePort } from "../support/web-servers/free-port.js";
import { GateProcess } from "../support/web-servers/gate-process.js";
import { CANARY, Gate } from "../support/web-servers/gate.js";
import { programScript } from "../support/web-servers/program.js";
import { serveApplication, type ServedApplication } from "../support/web-servers/served-application.js";
import { WebServer, type Place, type WebServerKind } from "../support/web-servers/web-server.js";

const kinds: readonly GateKind[] = ["gate", "none", "gone", "killed"];
const headers = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };

/** The forms in which mod_authnz_fcgi asks; `providers` and `location` know a gate by its name. */
const forms = [
  {
    form: "AuthBasicProvider",
    phase: "AUTHENTICATOR",
    denied: 401,
    failed: [500, 401],
    type: "authn",
    location: (name: string) => `AuthBasicProvider ${name}\nRequire valid-user`,
  },
  {
    form: "AuthnzFcgiCheckAuthnProvider",
    phase: "AUTHENTICATOR",
    denied: 403,
    failed: [500, 504],
    type: "authn",
    location: (name: string) =>
      `AuthnzFcgiCheckAuthnProvider ${name} Authoritative On RequireBasicAuth On\nRequire valid-user`,
  },
  {
    form: "Require of an authnz provider",
    phase: "none",
    denied: 401,
    failed: [500, 401],
    type: "authnz",
    location: (name: string) => `AuthBasicProvider ${name}\nRequire ${name}`,
  },
];

interface Gates {
  readonly gate: ServedApplication;
  readonly none: ServedApplication;
  readonly killed: GateProcess;
  readonly gone: number;
}

function protectedFiles({ type, location }: (typeof forms)[number], gates: Gates): WebServerKind {
  const addresses: Record<GateKind, string> = {
    gate: gates.gate.address,
    none: gates.none.address,
    gone: `127.0.0.1:${gates.gone}`,
    killed: gates.killed.address,
  };
  const kind = apache(
    ["authn_core", "authz_user", "auth_basic", "authnz_fcgi", "proxy", "proxy_fcgi"],
    () => `
${kinds.map((name) => `AuthnzFcgiDefineProvider ${type} ${name}-provider fcgi://${addresses[name]}/`).join("\n")}
${kinds.map((name) => locationOf(name, location(`${name}-provider`))).join("\n")}
ProxyPass "/gate/seen/" "fcgi://${gates.gate.address}/gate/seen/"`,
  );
  return withCanaries(kind);
}

function locationOf(name: string, rest: string): string {
  return `<Location "/${name}/">\nAuthType Basic\nAuthName "${name}"\n${rest}\n</Location>`;
}

function withCanaries(kind: WebServerKind): WebServerKind {
  const canaries = Object.fromEntries(kinds.map((name) => [`www/${name}/canary`, CANARY]));
  return { ...kind, files: (place) => ({ ...kind.files(place), ...canaries }) };
}

describe.each(forms)("an authorizer behind mod_authnz_fcgi: $form", (form) => {
  let gate: ServedApplication;
  let none: ServedApplication;
  let killed: GateProcess;
  let server: WebServer;

  beforeAll(async () => {
    const controllers = [Gate, Contract];
    gate = await serveApplication({
      over: "tcp",
      controllers,
      mount: "/gate",
      timeouts: { authorizer: 100 },
    });
    none = await serveApplication({ over: "tcp" });
    killed = await GateProcess.start();
    server = await WebServer.start(protectedFiles(form, { gate, none, killed, gone: await freePort() }));
  });
  afterAll(async () => {
    await server?.stop();
    await killed?.stop();
    await none?.close();
    await gate?.close();
  });

  testGate((): GateDoor => ({
    url: (kind, mode) => `${server.url}/${kind}/canary?mode=${mode}`,
    denied: form.denied,
    failed: form.failed,
    headers,
    killGate: () => killed.killWhileDeciding(),
  }));

  test("without credentials nobody gets in", async () => {
    const answer = await fetch(`${server.url}/gate/canary?mode=allow`);
    expect([answer.status, (await answer.text()).includes(CANARY)]).toEqual([401, false]);
  });

  test("its variables are seen by the responder behind it", async () => {
    const answer = await fetch(`${server.url}/gate/seen/it?mode=allow`, { headers });
    const { params } = (await answer.json()) as Seen;
    expect(params).toMatchObject({ AUTH_USER: "ada", AUTH_PHASE: form.phase, REMOTE_USER: "ada" });
  });
});

/** The programs that mod_fcgid starts: the gate, and the contract, which has no authorizer. */
function fcgid(): WebServerKind {
  const accessChecker = (name: GateKind, program: string): string =>
    `<Directory ${program.slice(0, program.indexOf("/programs/"))}/www/${name}>\nFcgidAccessChecker ${program}\n</Directory>`;
  const kind = apache(
    ["fcgid"],
    ({ folder }: Place) => `
FcgidIPCDir ${folder}
FcgidProcessTableFile ${folder}/fcgid_shm
FcgidMaxProcesses 8
FcgidConnectTimeout 2
FcgidSpawnScoreUpLimit 100
${accessChecker("gate", `${folder}/programs/gate`)}
${accessChecker("none", `${folder}/programs/none`)}
${accessChecker("gone", `${folder}/programs/gone`)}
${accessChecker("killed", `${folder}/programs/killed`)}`,
  );
  const programs = {
    "programs/gate": programScript("gate", { GATE_LIMIT: "100" }),
    "programs/none": programScript("contract"),
    "programs/gone": "#!/bin/sh\nexit 1\n",
    "programs/killed": programScript("gate", { GATE_LIMIT: "1500" }),
  };
  return withCanaries({ ...kind, files: (place) => ({ ...kind.files(place), ...programs }) });
}

describe("an authorizer that is started by mod_fcgid: FcgidAccessChecker", () => {
  let server: WebServer;

  beforeAll(async () => {
    server = await WebServer.start(fcgid());
  });
  afterAll(() => server?.stop());

  testGate((): GateDoor => ({
    url: (kind, mode) => `${server.url}/${kind}/canary?mode=${mode}`,
    denied: 401,
    failed: [401],
    killGate: async () => {
      const [, pid] = await server.errorLine(/killed[^]*Deciding for ever in process (\d+)/);
      process.kill(Number(pid), "SIGKILL");
    },
  }));
});
