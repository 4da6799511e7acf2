import { join } from "node:path";

import { bundledProgram } from "./bundled-program.js";
import { sceneOf, type Scene, type SceneOptions } from "./scene.js";
import type { SetUp } from "./set-up.js";

/** What a Web server is to start. */
export interface SpawnedOptions extends Omit<SceneOptions, "address"> {
  readonly program: "contract" | "gate";
  /** A folder that everybody may read. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Like `sceneOf`, for a program that the Web server starts: what it must be told, it is told by its environment. */
export async function spawnedSceneOf(
  setUp: SetUp,
  { program, folder, env, ...options }: SpawnedOptions,
): Promise<Scene> {
  const file = await bundledProgram(program, { folder });
  const sceneWith = (variables: Readonly<Record<string, string>>): Scene => {
    const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const command = ["/usr/bin/env", ...assignments, process.execPath, file];
    const deployment = { ...setUp.deployment, command, directory: folder };
    // What it is spawned on is the Web server's matter.
    return sceneOf({ ...setUp, deployment }, { address: join(folder, "app.sock"), ...options });
  };
  const { mount } = sceneWith(env).options;
  return mount === undefined ? sceneWith(env) : sceneWith({ ...env, TRICORN_TEST_MOUNT: mount });
}
