// The slow log of workers: `--slow-log` of the master, and where requests stand in its status.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FastCgiClient } from "tricorn/client";
import { expect, onTestFinished, test } from "vitest";

import { Project } from "../../dev/support/project.js";
import { MarkedProcesses } from "../../support/marked-processes.js";
import { commandOf, NodeProcess } from "../../support/node-process.js";
import type { ObservedStatus } from "../../../src/supervisor/observed-status.js";
import { runTricorn } from "../operated.js";

const MAIN = `import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Get, Responder, serve } from "tricorn";

interface Released {
  readonly file: string;
}

@Responder()
class Books {
  @Get("/quick")
  quick(): string {
    return "quick";
  }

  @Get("/show")
  async show(): Promise<string> {
    return await released({ file: "released" });
  }
}

async function released({ file }: Released): Promise<string> {
  for (;;) {
    if (existsSync(file)) return "shown";
    await sleep(10);
  }
}

writeFileSync("started", "");
await serve([Books], undefined, { slowLog: 3_600_000 });
`;
const TSCONFIG = '{"compilerOptions":{"experimentalDecorators":true,"target":"es2022","module":"nodenext"}}';
const files = { "src/main.ts": MAIN, "tsconfig.json": TSCONFIG };
const STANDS_AT = expect.stringMatching(/^src\/main\.ts:25:\d+$/) as string;

/** `tricorn serve` with a program in TypeScript. */
class Supervised extends NodeProcess {
  readonly project: Project;

  constructor(project: Project, args: readonly string[]) {
    const at = ["--workers", "1", "--listen", "unix:app.sock", "--status-listen", "unix:status.sock"];
    const user = process.getuid!() === 0 ? ["--user", "root"] : [];
    const control = ["--control", join(project.folder, "control/master.sock"), "--start-limit", "60"];
    super([...commandOf("src/cli/main.ts"), "serve", "src/main.ts", ...at, ...user, ...control, ...args], {
      cwd: project.folder,
      env: new MarkedProcesses().env,
    });
    this.project = project;
  }

  client(socket: string): FastCgiClient {
    const client = new FastCgiClient({ address: join(this.project.folder, socket) });
    onTestFinished(() => client.destroy());
    return client;
  }

  async status(...args: readonly string[]): Promise<string> {
    const control = join(this.project.folder, "control/master.sock");
    return (await runTricorn(["status", ...args, "--control", control])).out;
  }
}

interface ShownStatus {
  readonly workers: readonly { readonly statistics: { readonly active: readonly object[] } }[];
  readonly observed: ObservedStatus;
}

test("--slow-log overrides the program, and the status shows where requests stand and stood", async () => {
  const program = new Supervised(new Project(files), ["--slow-log", "0.3"]);
  await program.line(/"msg":"Supervising /);
  const client = program.client("app.sock");
  const params = (target: string) => ({ REQUEST_METHOD: "GET", REQUEST_URI: target });
  expect(await (await client.request({ params: params("/quick") })).text()).toBe("quick");
  const answer = client.request({ params: params("/show?secret=1") });
  const [line] = await program.line(/^\{.*"msg":"Slow request".*\}$/);
  const logged = JSON.parse(line) as Record<string, unknown>;
  expect(logged).toMatchObject({ path: "/show", standsAt: STANDS_AT });
  expect(logged["stack"]).toMatch(
    /^ {4}at released \(src\/main\.ts:25:\d+\)\n {4}at Books\.show \(src\/main\.ts:18:\d+\)$/,
  );

  const page = program.client("status.sock");
  const shown = async (): Promise<ShownStatus> => {
    const query = { REQUEST_METHOD: "GET", SCRIPT_NAME: "/status", QUERY_STRING: "json" };
    return JSON.parse(await (await page.request({ params: query })).text()) as ShownStatus;
  };
  const slow = { id: logged["id"], path: "/show", route: "GET /show", standsAt: STANDS_AT };
  const active = { path: "/show", route: "GET /show", standsAt: STANDS_AT };
  await expect.poll(async () => (await shown()).observed.slow).toMatchObject([slow]);
  const { workers, observed } = await shown();
  expect(workers[0]!.statistics.active).toMatchObject([active]);
  expect(observed.slow[0]!.status).toBeUndefined();
  const text = await program.status();
  expect(text).toMatch(/ s responder GET \/show, at src\/main\.ts:25:\d+\n/);
  expect(text).toMatch(/slow: .* GET \/show .*, at src\/main\.ts:25:\d+\n/);
  expect(
    (JSON.parse(await program.status("--json")) as ShownStatus).workers[0]!.statistics.active,
  ).toMatchObject([active]);

  writeFileSync(join(program.project.folder, "released"), "");
  expect(await (await answer).text()).toBe("shown");
  // Once, although it was reported while it was active; without the quick one.
  await expect.poll(async () => (await shown()).observed.slow).toMatchObject([{ ...slow, status: 200 }]);
}, 60_000);

test.each(["0", "-1", "soon", ""])("--slow-log %j is refused before a worker starts", async (value) => {
  const project = new Project(files);
  const program = new Supervised(project, [`--slow-log=${value}`]);
  expect(await program.ended).toBe(2);
  expect(program.errors.join("\n")).toContain("--slow-log");
  expect(existsSync(join(project.folder, "started"))).toBe(false);
});
