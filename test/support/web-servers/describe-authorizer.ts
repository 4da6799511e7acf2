import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

import { http } from "../../gateway/support/http.js";
import { GatePost, type Post } from "./gate-post.js";
import { Behind, CANARY, MembersGate } from "./gate.js";
import { GATE_POST } from "./guard.js";
import { folderForTests } from "./folder-for-tests.js";
import { describeSetUp, freeAddress, sceneOf, testStart } from "./scene.js";
import type { AuthorizerSetUp } from "./set-up.js";
import { SpawnedGatePost } from "./spawned-gate-post.js";
import { spawnedSceneOf } from "./spawned-scene.js";
import { testAuthorizer } from "./test-authorizer.js";
import type { RunningServer } from "./web-server.js";

const controllers = [MembersGate, Behind];
const credentials = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };

/** A post, and the Web server that looks for the gate there. */
interface Guarded {
  readonly post: Post;
  readonly server: RunningServer;
}

/** Puts the gate behind a Web server, or lets that start it, and tries to get past it. */
export function describeAuthorizer(setUp: AuthorizerSetUp): void {
  const { mount = "", inProcess = false, needsPassword = false, isSpawned = false, differences } = setUp;
  // What the server does not serve itself it cannot protect.
  const canaries = inProcess ? ["/members/vault"] : ["/members/canary.html", "/members/vault"];
  describeSetUp(setUp, "authorizer", () => {
    const folder = folderForTests();
    let guarded: Guarded;

    beforeAll(async () => {
      const told = needsPassword ? withPasswordFile(setUp, folder()) : setUp;
      guarded = await (isSpawned ? spawnGuarded : guard)(told, folder());
    });
    afterAll(async () => {
      await guarded?.server.stop();
      await guarded?.post.place("gone");
    });

    testStart(setUp, () => guarded.server);
    testAuthorizer(
      () => ({
        ...guarded,
        mount,
        canaries,
        asksItself: inProcess,
        ...(needsPassword && { headers: credentials }),
      }),
      differences,
    );
  });
}

async function guard(setUp: AuthorizerSetUp, folder: string): Promise<Guarded> {
  const root = writeCanary(folder);
  const address = await freeAddress(setUp.over ?? "tcp", folder);
  const { start, options } = sceneOf(setUp, { address, controllers, root });
  const post = new GatePost(address, options);
  await post.place("gate");
  try {
    return { post, server: await start() };
  } catch (error) {
    await post.place("gone");
    throw error;
  }
}

async function spawnGuarded(setUp: AuthorizerSetUp, folder: string): Promise<Guarded> {
  const root = writeCanary(folder);
  const env = { [GATE_POST]: folder };
  const options = { program: "gate", folder, env, controllers, root } as const;
  const { start } = await spawnedSceneOf(setUp, options);
  const knock = (): Promise<unknown> =>
    http(server.url, `${setUp.mount ?? ""}/members/vault?mode=deny`, { headers: credentials });
  const post = new SpawnedGatePost(folder, { server: () => server, knock });
  const server = await start();
  return { post, server };
}

/** Makes the folder of a file that is protected. */
function writeCanary(folder: string): string {
  const root = join(folder, "root");
  mkdirSync(join(root, "members"), { recursive: true });
  writeFileSync(join(root, "members/canary.html"), CANARY);
  return root;
}

/** Apache checks the password itself where it asks for one and the application only knows the user. */
function withPasswordFile(setUp: AuthorizerSetUp, folder: string): AuthorizerSetUp {
  const { deployment } = setUp;
  const passwordFile = join(folder, "passwords");
  const digest = createHash("sha1").update("lovelace").digest("base64");
  writeFileSync(passwordFile, `ada:{SHA}${digest}\n`);
  return { ...setUp, deployment: { ...deployment, apache: { ...deployment?.apache, passwordFile } } };
}
