// nginx and HAProxy before three applications, each on a loopback address of its own.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";

import { temporaryFolder } from "../../support/served.js";
import { commandOf, NodeProcess } from "../../support/node-process.js";
import { WebServer } from "../../support/web-servers/web-server.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { http, type HttpAnswer, type HttpCall } from "../../gateway/support/http.js";
import { started, unknown, type Description } from "../../config/support.js";
import type { DeploymentInput } from "../../../src/config/deployment.js";

const NAMES = ["127.0.0.2", "127.0.0.3", "127.0.0.4"] as const;
type Name = (typeof NAMES)[number];
type Server = "nginx" | "haproxy";

/** How hosts are set. */
interface HostsOptions {
  readonly deployment?: DeploymentInput | ((addresses: readonly string[]) => DeploymentInput);
  readonly description?: Description;
  /** Whether each host has a master, with a status listener. */
  readonly isSupervised?: boolean;
  /** Adds files to the root. */
  readonly prepare?: (root: string) => void;
}

/** Three hosts and the Web server before them. */
class Hosts {
  readonly #folder: string;
  readonly #processes: ReadonlyMap<string, NodeProcess>;
  readonly webServer: WebServer;

  private constructor(folder: string, processes: ReadonlyMap<string, NodeProcess>, webServer: WebServer) {
    this.#folder = folder;
    this.#processes = processes;
    this.webServer = webServer;
  }

  static async start(server: Server, options: HostsOptions = {}): Promise<Hosts> {
    const { deployment = {}, description = unknown, isSupervised = false } = options;
    const folder = temporaryFolder();
    const statusPort = isSupervised ? await freePort() : undefined;
    const processes = new Map(
      NAMES.map((name) => [
        name,
        new NodeProcess(commandFor(name, { folder, statusPort }), {
          env: { HOST_NAME: name, HOST_FOLDER: folder },
        }),
      ]),
    );
    const addresses = await Promise.all([...processes.values()].map((one) => addressOf(one)));
    const told = typeof deployment === "function" ? deployment(addresses) : deployment;
    const webServer = await WebServer.start(
      started(server, { description, deployment: { upstream: addresses, statusPort, ...told } }),
    );
    onTestFinished(() => webServer.stop());
    return new Hosts(folder, processes, webServer);
  }

  ask(path: string, call?: HttpCall): Promise<HttpAnswer> {
    return http(this.webServer.url, path, call);
  }

  /** Which host answers each of some requests, one after the other. */
  async answerers(count: number, path = "/name"): Promise<string[]> {
    const names: string[] = [];
    for (let nth = 0; nth < count; nth++) {
      const { status, body } = await this.ask(path);
      names.push(status === 200 ? body : `status ${status}`);
    }
    return names;
  }

  host(name: Name): NodeProcess {
    return this.#processes.get(name)!;
  }

  async kill(name: string): Promise<void> {
    const host = this.#processes.get(name)!;
    host.kill("SIGKILL");
    await host.ended;
  }

  /** The host that holds a request. */
  async holderOf(order: string): Promise<Name> {
    const holders = [...this.#processes].map(async ([name, host]) => {
      await host.line(new RegExp(`holds ${order}$`));
      return name as Name;
    });
    return Promise.any(holders);
  }

  /** Every request that a host has received, `127.0.0.2 POST 1`. */
  get received(): readonly string[] {
    return readFileSync(join(this.#folder, "received"), "utf8").split("\n").slice(0, -1);
  }
}

function commandFor(
  name: string,
  { folder, statusPort }: { readonly folder: string; readonly statusPort: number | undefined },
): readonly [string, ...string[]] {
  const [node, program = ""] = commandOf("test/support/web-servers/programs/host.ts");
  if (statusPort === undefined) return [node, program, `${name}:0`];
  return [
    ...commandOf("src/cli/main.ts"),
    "serve",
    program,
    "--workers",
    "1",
    "--listen",
    `${name}:0`,
    "--status-listen",
    `${name}:${statusPort}`,
    "--control",
    join(folder, `${name}-control/master.sock`),
    "--drain",
    "600",
    "--start-limit",
    "60",
    ...(process.getuid!() === 0 ? ["--user", "root"] : []),
  ];
}

async function addressOf(host: NodeProcess): Promise<string> {
  const [, address] = await host.line(/"msg":"(?:Listening|Supervising \S+) on (\d[\d.:]+)/);
  return address!;
}

/** Sends a command to HAProxy's stats socket. */
async function control({ webServer }: Hosts, command: string): Promise<string> {
  const socket = connect(join(webServer.folder, "admin.sock"));
  socket.end(`${command}\n`);
  return text(socket);
}

describe.each(["nginx", "haproxy"] as const)("three hosts behind %s", (server) => {
  test("share requests", async () => {
    const hosts = await Hosts.start(server);
    const names = await hosts.answerers(90);
    for (const name of NAMES) expect(names.filter((one) => one === name).length).toBeGreaterThan(10);
    expect(new Set(names)).toEqual(new Set(NAMES));
  });

  test("lose no request, and repeat no POST, if one is gone", async () => {
    const hosts = await Hosts.start(server);
    await hosts.answerers(12);
    await hosts.kill("127.0.0.3");
    const orders = Array.from({ length: 60 }, (_, nth) => String(nth));
    for (const order of orders) {
      const { status } = await hosts.ask(`/orders/${order}`, { method: "POST", body: "one" });
      expect([order, status]).toEqual([order, 200]);
    }
    expect(hosts.received.map((line) => line.replace(/^\S+ /, ""))).toEqual(
      orders.map((one) => `POST ${one}`),
    );
    expect(new Set(await hosts.answerers(30))).toEqual(new Set(["127.0.0.2", "127.0.0.4"]));
  });

  // nginx repeats what is idempotent (RFC 9110, section 9.2.2), HAProxy only what is safe.
  test.each([
    ["GET", true],
    ["POST", false],
    ["PUT", server === "nginx"],
  ])("if one is killed that has a %s, repeat it on another: %s", async (method, isRepeated) => {
    const hosts = await Hosts.start(server);
    await hosts.answerers(12);
    const answer = hosts.ask("/held/it", { method, ...(method !== "GET" && { body: "one" }) });
    const holder = await hosts.holderOf("it");
    await hosts.kill(holder);
    const { status, body } = await answer;
    const deliveries = isRepeated ? [holder, body] : [holder];
    expect([status, hosts.received]).toEqual([
      isRepeated ? 200 : 502,
      deliveries.map((name) => `${name} ${method} it`),
    ]);
    expect(body).not.toBe(holder);
  });

  test("if one is killed that has a POST of a kept connection, say so once", async () => {
    const hosts = await Hosts.start(server);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    await hosts.ask("/name", { agent });
    const answer = hosts.ask("/held/kept", { method: "POST", body: "one", agent }).then(
      ({ status, isReused }) => [status, isReused],
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );
    await hosts.kill(await hosts.holderOf("kept"));
    // HAProxy leaves it to the client whether to repeat it.
    expect(await answer).toEqual(server === "nginx" ? [502, true] : "ECONNRESET");
    expect(hosts.received).toHaveLength(1);
  });

  test.each([
    ["cookie:sid.a", (session: string) => ({ Cookie: `other=1; sid.a=${session}; sidXa=2` })],
    ["user", (session: string) => ({ Authorization: `Basic ${btoa(`${session}:wrong`)}` })],
  ])(
    "keep sessions on their hosts with --affinity %s, and move only those of one that is gone",
    async (affinity, headers) => {
      const hosts = await Hosts.start(server, { deployment: { affinity } });
      const sessions = Array.from({ length: 40 }, (_, nth) => `session-${nth}`);
      const places = async (): Promise<string[]> =>
        Promise.all(sessions.map(async (one) => (await hosts.ask("/name", { headers: headers(one) })).body));
      const before = await places();
      expect(new Set(before)).toEqual(new Set(NAMES));
      expect(await places()).toEqual(before);

      await hosts.kill("127.0.0.2");
      const expectOnlyItsMoved = (after: readonly string[]): void => {
        expect(after.filter((one, nth) => before[nth] !== one && before[nth] !== "127.0.0.2")).toEqual([]);
        expect(new Set(after)).toEqual(new Set(["127.0.0.3", "127.0.0.4"]));
      };
      expectOnlyItsMoved(await places());
      // Until its checks fail, HAProxy repeats on the host after the dead one, and then chooses the nearest.
      if (server === "haproxy") await hosts.webServer.errorLine(/127\.0\.0\.2 is DOWN/);
      const settled = await places();
      expectOnlyItsMoved(settled);
      expect(await places()).toEqual(settled);
      // Requests without a session are not all for one host.
      expect(new Set(await hosts.answerers(30))).toEqual(new Set(["127.0.0.3", "127.0.0.4"]));
    },
  );

  test.each([
    ["cookie:sid", { Cookie: "other=1; sid=" }],
    ["user", { Authorization: `Basic ${btoa(":wrong")}` }],
  ])("share requests whose session is empty, with --affinity %s", async (affinity, headers) => {
    const hosts = await Hosts.start(server, { deployment: { affinity } });
    const answers: string[] = [];
    for (let nth = 0; nth < 30; nth++) answers.push((await hosts.ask("/name", { headers })).body);
    expect(new Set(answers)).toEqual(new Set(NAMES));
  });

  test.each([undefined, "cookie:sid"])(
    "send nothing to one of --drain, with affinity %s",
    async (affinity) => {
      const hosts = await Hosts.start(server, {
        deployment: ([first]) => ({ drain: [first!], ...(affinity !== undefined && { affinity }) }),
      });
      const answers = Array.from({ length: 40 }, (_, nth) =>
        hosts.ask("/name", { headers: { Cookie: `sid=${nth}` } }),
      );
      const names = (await Promise.all(answers)).map(({ body }) => body);
      expect(new Set(names)).toEqual(new Set(["127.0.0.3", "127.0.0.4"]));
    },
  );

  test("that are all gone are an error, and nothing else", async () => {
    const hosts = await Hosts.start(server);
    for (const name of NAMES) await hosts.kill(name);
    for (let nth = 0; nth < 5; nth++)
      expect((await hosts.ask("/name")).status).toBe(server === "nginx" ? 502 : 503);
  });
});

test("nginx asks another host's authorizer if one is gone, and shows nothing if all are", async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, "members"));
  writeFileSync(join(root, "members/card.txt"), "The canary sings");
  const hosts = await Hosts.start("nginx", {
    deployment: { root, protect: ["/members/**"] },
  });
  const see = async (mode: string): Promise<string> => {
    const { status, body } = await hosts.ask(`/members/card.txt?mode=${mode}`);
    return body.includes("canary") ? "shown" : String(status);
  };
  expect([await see("allow"), await see("deny")]).toEqual(["shown", "403"]);
  await hosts.kill("127.0.0.2");
  for (let nth = 0; nth < 12; nth++)
    expect([await see("allow"), await see("deny")]).toEqual(["shown", "403"]);
  await hosts.kill("127.0.0.3");
  await hosts.kill("127.0.0.4");
  for (let nth = 0; nth < 12; nth++) expect([await see("allow"), await see("deny")]).toEqual(["500", "500"]);
});

test("HAProxy drains a host at run time, which finishes what it has", async () => {
  const hosts = await Hosts.start("haproxy");
  // The host with the fewest requests gets the next one, so each holds one.
  const orders = ["first", "second", "third"];
  const held = new Map<string, Promise<HttpAnswer>>();
  const holders = new Map<string, Name>();
  for (const order of orders) {
    held.set(order, hosts.ask(`/held/${order}`));
    holders.set(order, await hosts.holderOf(order));
  }
  expect(new Set(holders.values())).toEqual(new Set(NAMES));

  const drained = holders.get("first")!;
  await control(hosts, `set server application/${drained} state drain`);
  expect(new Set(await hosts.answerers(30))).toEqual(new Set(NAMES.filter((name) => name !== drained)));
  // HAProxy has neither ended nor repeated what it has.
  expect(hosts.received).toEqual(orders.map((order) => `${holders.get(order)} GET ${order}`));
  await control(hosts, `set server application/${drained} state ready`);
  expect(new Set(await hosts.answerers(30))).toEqual(new Set(NAMES));
  await hosts.kill(drained);
  expect((await held.get("first"))!.status).toBe(200);
  // What the others hold ends with them, without an answer if HAProxy has none to repeat it on.
  const ends = Promise.allSettled(held.values());
  for (const name of holders.values()) await hosts.kill(name);
  await ends;
});

test("HAProxy sends no new request to a host whose master drains, and loses none", async () => {
  const hosts = await Hosts.start("haproxy", { isSupervised: true });
  expect(new Set(await hosts.answerers(30))).toEqual(new Set(NAMES));
  hosts.host("127.0.0.3").kill("SIGTERM");
  await hosts.host("127.0.0.3").line(/"msg":"Draining"/);
  const state = hosts.webServer.errorLine(/application\/127\.0\.0\.3 is DOWN.*503/);
  const next = async (): Promise<boolean> => {
    expect((await hosts.ask("/name")).status).toBe(200);
    return false;
  };
  while (!(await Promise.race([state.then(() => true), next()])));
  expect(new Set(await hosts.answerers(30))).toEqual(new Set(["127.0.0.2", "127.0.0.4"]));
});

test("HAProxy takes out a host that hangs, without a status port", async () => {
  const hosts = await Hosts.start("haproxy");
  process.kill(hosts.host("127.0.0.3").pid, "SIGSTOP");
  await hosts.webServer.errorLine(/application\/127\.0\.0\.3 is DOWN/);
  expect(new Set(await hosts.answerers(30))).toEqual(new Set(["127.0.0.2", "127.0.0.4"]));
});

// RFC 6761, section 6.4: no name below "invalid" resolves.
test("HAProxy starts without a host whose name does not resolve", async () => {
  const hosts = await Hosts.start("haproxy", {
    deployment: (addresses) => ({ upstream: [...addresses, "host.invalid:9000"] }),
  });
  expect(new Set(await hosts.answerers(30))).toEqual(new Set(NAMES));
});
