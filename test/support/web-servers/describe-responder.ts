import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { bundledProgram } from "./bundled-program.js";
import { Contract } from "./contract.js";
import { describeSetUp, folderForTests, freeAddress, sceneOf, testStart, type Scene } from "./scene.js";
import { serveApplication, type ServedApplication } from "./served-application.js";
import type { ResponderSetUp } from "./set-up.js";
import { STAGE_SOCKET, Stage } from "./stage.js";
import { testResponder } from "./test-responder.js";
import { WebServer } from "./web-server.js";

/** Puts the contract behind a Web server and tries all of it. */
export function describeResponder(setUp: ResponderSetUp): void {
  const { over = "tcp", mount = "", connections, differences } = setUp;
  const controllers = [Contract];
  describeSetUp(setUp, "responder", () => {
    const folder = folderForTests();
    let application: ServedApplication;
    let server: WebServer;

    beforeAll(async () => {
      const address = await freeAddress(over, folder());
      const scene = sceneOf(setUp, { address, controllers });
      application = await serveApplication({ address, controllers, ...scene.options });
      server = await WebServer.start(scene.kind);
    });
    afterAll(async () => {
      await server?.stop();
      await application?.close();
    });

    testStart(setUp, () => server);
    testResponder(() => ({ server, stage: application.stage, mount }), differences);

    if (connections === undefined) return;
    test(`the FastCGI connections are ${connections}`, async () => {
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
    let server: WebServer;

    beforeAll(async () => {
      await stage.open(join(folder(), "stage.sock"));
      const program = await bundledProgram("contract", { folder: folder() });
      const sceneWith = (env: Readonly<Record<string, string>>): Scene => {
        const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
        const command = ["/usr/bin/env", ...variables, process.execPath, program];
        const deployment = { ...setUp.deployment, command, directory: folder() };
        // What it is spawned on is the Web server's matter.
        const address = join(folder(), "app.sock");
        return sceneOf({ ...setUp, deployment }, { address, controllers: [Contract] });
      };
      const env = { [STAGE_SOCKET]: join(folder(), "stage.sock") };
      const { mount: told } = sceneWith(env).options;
      server = await WebServer.start(
        sceneWith({ ...env, ...(told !== undefined && { CONTRACT_MOUNT: told }) }).kind,
      );
    });
    afterAll(async () => {
      await server?.stop();
      stage.close();
    });

    testStart(setUp, () => server);
    testResponder(() => ({ server, stage, mount }), differences);
  });
}
