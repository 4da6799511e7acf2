import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { Contract } from "./contract.js";
import { folderForTests } from "./folder-for-tests.js";
import { describeSetUp, freeAddress, sceneOf, testStart } from "./scene.js";
import { serveApplication, type ServedApplication } from "./served-application.js";
import type { ResponderSetUp } from "./set-up.js";
import { spawnedSceneOf } from "./spawned-scene.js";
import { STAGE_SOCKET, Stage } from "./stage.js";
import { testResponder } from "./test-responder.js";
import type { RunningServer } from "./web-server.js";

const controllers = [Contract];

/** Puts the contract behind a Web server and tries all of it. */
export function describeResponder(setUp: ResponderSetUp): void {
  const { over = "tcp", mount = "", connections, differences } = setUp;
  describeSetUp(setUp, "responder", () => {
    const folder = folderForTests();
    let application: ServedApplication;
    let server: RunningServer;

    beforeAll(async () => {
      const address = await freeAddress(over, folder());
      const { start, options } = sceneOf(setUp, { address, controllers });
      application = await serveApplication({ address, controllers, ...options });
      server = await start();
    });
    afterAll(async () => {
      await server?.stop();
      await application?.close();
    });

    testStart(setUp, () => server);
    testResponder(() => ({ server, stage: application.stage, mount }), differences);

    if (connections === undefined) return;
    const protocol = over.startsWith("scgi") ? "SCGI" : "FastCGI";
    test(`the ${protocol} connections are ${connections}`, async () => {
      const before = application.connections;
      for (let round = 0; round < 20; round++) await (await fetch(`${server.url}${mount}/hello`)).text();
      const opened = application.connections - before;
      if (connections === "closed") expect(opened).toBe(20);
      // A server may give up some that have waited since the tests before.
      else expect(opened).toBeLessThanOrEqual(3);
    });
  });
}

/** Lets a Web server start the contract, and tries all of it. */
export function describeSpawnedResponder(setUp: ResponderSetUp): void {
  const { mount = "", differences } = setUp;
  describeSetUp(setUp, "responder", () => {
    const folder = folderForTests();
    const stage = new Stage();
    let server: RunningServer;

    beforeAll(async () => {
      const socket = join(folder(), "stage.sock");
      await stage.open(socket);
      const options = { program: "contract", folder: folder(), controllers } as const;
      const { start } = await spawnedSceneOf(setUp, { ...options, env: { [STAGE_SOCKET]: socket } });
      server = await start();
    });
    afterAll(async () => {
      await server?.stop();
      stage.close();
    });

    testStart(setUp, () => server);
    testResponder(() => ({ server, stage, mount }), differences);
  });
}
