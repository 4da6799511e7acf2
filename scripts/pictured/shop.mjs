// A shop under a master with a status listener, with visitors, and its status behind the embedded gateway.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FastCgiClient } from "tricorn/client";
import { Gateway } from "tricorn/gateway";

const root = fileURLToPath(new URL("../../", import.meta.url));
const loader = ["--import", "@oxc-node/core/register"];

/** What visitors ask, as often as it is here. */
const VISITS = [
  ...Array.from({ length: 12 }, (_, id) => ({ path: `/hats/${id}` })),
  ...Array.from({ length: 6 }, () => ({ path: "/hats" })),
  ...Array.from({ length: 4 }, () => ({ path: "/search" })),
  { path: "/orders", body: Buffer.alloc(900) },
];

/** Starts the shop. */
export async function startShop() {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-shop-"));
  const [app, status, control] = ["app.sock", "status.sock", "control/master.sock"].map((name) =>
    join(folder, name),
  );
  const own = process.getuid() === 0 ? ["--user", "root"] : [];
  const master = spawn(
    process.execPath,
    [
      ...loader,
      "src/cli/main.ts",
      "serve",
      "scripts/pictured/hats.ts",
      "--start-limit",
      "60",
      "--workers",
      "4",
      "--listen",
      app,
      "--status-listen",
      status,
      "--control",
      control,
      ...own,
    ],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );
  const log = [];
  await new Promise((resolve, reject) => {
    createInterface({ input: master.stderr }).on("line", (line) => {
      log.push(line);
      if (line.includes('"msg":"Supervising')) resolve();
    });
    master.once("exit", () => reject(new Error(log.join("\n"))));
  });
  const client = new FastCgiClient({ address: app, maxConnections: 64 });
  const statusClient = new FastCgiClient({ address: status });
  const routes = { protect: [], filter: [], respond: ["/status"] };
  const gateway = new Gateway({ application: statusClient, root: folder, routes, port: 0 });
  const { url } = await gateway.listen();

  /** Sends one request and reads its answer; what fails is shown by the status. */
  async function visit({ path, body, method = body === undefined ? "GET" : "POST" }) {
    const length = body === undefined ? {} : { CONTENT_LENGTH: String(body.length) };
    const params = { REQUEST_METHOD: method, REQUEST_URI: path, SCRIPT_NAME: path, ...length };
    const response = await client.request({ params, stdin: body ?? "" }).catch(() => undefined);
    await response?.text().catch(() => {});
  }
  return {
    url: `${url}/status?html`,
    visit,
    /** Has visitors for some time, in seconds. */
    async open(seconds) {
      const end = performance.now() + seconds * 1000;
      const visitor = async () => {
        while (performance.now() < end) {
          await visit(VISITS[Math.floor(Math.random() * VISITS.length)]);
          await delay(10 + 40 * Math.random());
        }
      };
      await Promise.all(Array.from({ length: 4 }, visitor));
    },
    asOnServer: (text) =>
      text.replaceAll(`${root}scripts/pictured/`, "/srv/hats/").replaceAll(`${folder}/`, "/run/hats/"),
    reload: () => master.kill("SIGHUP"),
    async close() {
      await gateway.close();
      await Promise.all([client.close(), statusClient.close()]);
      master.removeAllListeners("exit");
      const ended = new Promise((resolve) => {
        master.once("exit", resolve);
      });
      master.kill("SIGTERM");
      master.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
