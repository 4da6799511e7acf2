import { afterAll, beforeAll } from "vitest";

import type { GateKind } from "./behind-gate.js";
import { Contract } from "./contract.js";
import { freePort } from "./free-port.js";
import { GateProcess } from "./gate-process.js";
import { CANARY, Gate } from "./gate.js";
import { serveApplication, type ServedApplication } from "./served-application.js";
import { WebServer, type Place, type WebServerKind } from "./web-server.js";

/** The kinds of gates, each of which protects a canary of its own. */
export const gateKinds: readonly GateKind[] = ["gate", "none", "gone", "killed"];

/** Where each kind of gate listens: `127.0.0.1:9000`, or the path of a unix socket. */
export type GateAddresses = Readonly<Record<GateKind, string>>;

/** A Web server in front of gates. */
export interface BehindGates {
  readonly server: WebServer;
  /** The application with the gate, and with the contract behind it. */
  readonly gate: ServedApplication;
  readonly killed: GateProcess;
}

/** Puts a Web server with a canary below `www/` for each kind of gate in front of them, for the tests of one `describe`. */
export function putBehindGates(kind: (addresses: GateAddresses) => WebServerKind): () => BehindGates {
  let behind: BehindGates | undefined;
  let none: ServedApplication | undefined;
  beforeAll(async () => {
    const gate = await serveApplication({
      controllers: [Gate, Contract],
      mount: "/gate",
      timeouts: { authorizer: 100 },
    });
    none = await serveApplication();
    const killed = await GateProcess.start();
    const addresses: GateAddresses = {
      gate: gate.address,
      none: none.address,
      gone: `127.0.0.1:${await freePort()}`,
      killed: killed.address,
    };
    const server = await WebServer.start(withCanaries(kind(addresses)));
    behind = { server, gate, killed };
  });
  afterAll(async () => {
    await behind?.server.stop();
    await behind?.killed.stop();
    await none?.close();
    await behind?.gate.close();
  });
  return () => {
    if (behind === undefined) throw new Error("Cannot use the Web server: it is started when the tests are");
    return behind;
  };
}

function withCanaries(kind: WebServerKind): WebServerKind {
  const canaries = Object.fromEntries(gateKinds.map((name) => [`www/${name}/canary`, CANARY]));
  return { ...kind, files: (place: Place) => ({ ...kind.files(place), ...canaries }) };
}
