import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { pino } from "pino";
import { onTestFinished } from "vitest";

import { Gateway, type GatewayOptions, type GatewayRoutes } from "../../../src/gateway/index.js";
import type { Role } from "../../../src/protocol/constants.js";
import { ScriptedApplication, type Script } from "./scripted-application.js";

/** The parts of a test. */
export interface StageOptions {
  readonly scripts?: Partial<Record<Role, Script>>;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly routes?: Partial<GatewayRoutes>;
  readonly gateway?: Partial<GatewayOptions>;
  /** Creates more files in the folder before the gateway starts. */
  readonly prepare?: (folder: string) => Promise<void>;
}

/** A gateway in front of a scripted application, with files. */
export interface Stage {
  readonly application: ScriptedApplication;
  readonly gateway: Gateway;
  /** The gateway, without a slash at the end. */
  readonly url: string;
  /** The folder of the files. */
  readonly root: string;
}

/** Opens a stage; it is closed when the test has finished. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { scripts = {}, files = {}, routes, gateway: gatewayOptions, prepare } = options;
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tricorn-gateway-")));
  const root = join(folder, "root");
  await mkdir(root);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  await prepare?.(root);
  const application = new ScriptedApplication(scripts);
  const gateway = new Gateway({
    application: await application.listen(),
    root,
    routes: { protect: [], filter: [], respond: [], ...routes },
    port: 0,
    timeouts: { close: 1_000 },
    log: pino({ level: "silent" }),
    ...gatewayOptions,
  });
  onTestFinished(async () => {
    await application.close();
    await gateway.close();
    await rm(folder, { recursive: true, force: true });
  });
  const { url } = await gateway.listen();
  return { application, gateway, url, root };
}
