import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

import { GatePost } from "./gate-post.js";
import { Behind, CANARY, Gate } from "./gate.js";
import { describeSetUp, folderForTests, freeAddress, sceneOf, testStart } from "./scene.js";
import type { AuthorizerSetUp } from "./set-up.js";
import { testAuthorizer } from "./test-authorizer.js";
import { WebServer } from "./web-server.js";

const credentials = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };

/** Puts the gate behind a Web server and tries to get past it. */
export function describeAuthorizer(setUp: AuthorizerSetUp): void {
  const { over = "tcp", mount = "", inProcess = false, needsPassword = false, differences } = setUp;
  // What the server does not serve itself cannot be protected by it.
  const canaries = inProcess ? ["/members/vault"] : ["/members/canary.html", "/members/vault"];
  const controllers = [Gate, Behind];
  describeSetUp(setUp, "authorizer", () => {
    const folder = folderForTests();
    let post: GatePost;
    let server: WebServer;

    beforeAll(async () => {
      const root = join(folder(), "root");
      mkdirSync(join(root, "members"), { recursive: true });
      writeFileSync(join(root, "members/canary.html"), CANARY);
      const address = await freeAddress(over, folder());
      const scene = sceneOf(setUp, { address, controllers, root });
      post = await GatePost.open(address, scene.options);
      server = await WebServer.start(scene.kind);
    });
    afterAll(async () => {
      await server?.stop();
      await post?.vacate();
    });

    testStart(setUp, () => server);
    testAuthorizer(
      () => ({ server, post, mount, canaries, ...(needsPassword && { headers: credentials }) }),
      differences,
    );
  });
}
