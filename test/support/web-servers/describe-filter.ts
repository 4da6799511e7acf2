import { join } from "node:path";
import { Gateway, routesOf } from "tricorn/gateway";
import { afterAll, beforeAll } from "vitest";

import { writeFilteredFiles } from "./filtered-files.js";
import { Behind, MembersGate } from "./gate.js";
import { folderForTests } from "./folder-for-tests.js";
import { describeSetUp, freeAddress, sceneOf, testStart } from "./scene.js";
import { serveApplication, type ServedApplication } from "./served-application.js";
import type { FilterSetUp } from "./set-up.js";
import { Shout } from "./shout.js";
import { testFilter } from "./test-filter.js";
import type { RunningServer } from "./web-server.js";

/** Puts a filter behind a Web server, and the gateway beside it, which speaks the filter role. */
export function describeFilter(setUp: FilterSetUp): void {
  const { over = "tcp", mount = "", differences } = setUp;
  const controllers = [MembersGate, Behind, Shout];
  describeSetUp(setUp, "filter", () => {
    const folder = folderForTests();
    let application: ServedApplication;
    let other: ServedApplication | undefined;
    let gateway: Gateway;
    let native: string;
    let server: RunningServer;

    beforeAll(async () => {
      const root = join(folder(), "root");
      writeFilteredFiles(root, folder());
      const address = await freeAddress(over, folder());
      const scene = sceneOf(setUp, { address, controllers, root });
      application = await serveApplication({ address, controllers, ...scene.options });
      const routes = routesOf(application.application.description, { mount });
      // The gateway speaks no SCGI: it gets the same application once more.
      if (over.startsWith("scgi")) other = await serveApplication({ controllers, ...scene.options });
      gateway = new Gateway({ application: other?.address ?? address, root, routes, mount, port: 0 });
      native = (await gateway.listen()).url;
      server = await scene.start();
    });
    afterAll(async () => {
      await server?.stop();
      await gateway?.close();
      await application?.close();
      await other?.close();
    });

    testStart(setUp, () => server);
    testFilter(() => ({ server, native, mount }), differences);
  });
}
