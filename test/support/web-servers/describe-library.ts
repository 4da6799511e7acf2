import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

import { contentRoot, controllers } from "../../../examples/library/application.js";
import { folderForTests } from "./folder-for-tests.js";
import { describeSetUp, freeAddress, sceneOf, testStart } from "./scene.js";
import { serveApplication, type ServedApplication } from "./served-application.js";
import type { LibrarySetUp } from "./set-up.js";
import { testLibrary } from "./test-library.js";
import type { RunningServer } from "./web-server.js";

/** Puts the library of examples/ behind a Web server: responders, an authorizer and filters at once. */
export function describeLibrary(setUp: LibrarySetUp): void {
  const { over = "tcp", mount = "", differences } = setUp;
  describeSetUp(setUp, "library", () => {
    const folder = folderForTests();
    let application: ServedApplication;
    let server: RunningServer;

    beforeAll(async () => {
      const address = await freeAddress(over, folder());
      const root = fileURLToPath(contentRoot);
      const scene = sceneOf(setUp, { address, controllers, root });
      application = await serveApplication({ address, controllers, ...scene.options });
      server = await scene.start();
    });
    afterAll(async () => {
      await server?.stop();
      await application?.close();
    });

    testStart(setUp, () => server);
    testLibrary(() => ({ server, mount }), differences);
  });
}
