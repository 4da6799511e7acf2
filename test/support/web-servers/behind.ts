import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

import { folderForTests } from "./folder-for-tests.js";
import { serveApplication, type ApplicationOptions, type ServedApplication } from "./served-application.js";
import { WebServer, type WebServerKind } from "./web-server.js";

/** A Web server in front of an application. */
export interface Behind {
  readonly server: WebServer;
  readonly application: ServedApplication;
}

/** Puts a Web server in front of an application, on a unix socket if nothing else is said, for the tests of one `describe`. */
export function putBehind(
  kind: (address: string) => WebServerKind,
  options: ApplicationOptions = {},
): () => Behind {
  const folder = folderForTests();
  let behind: Behind | undefined;
  beforeAll(async () => {
    const application = await serveApplication({ address: join(folder(), "app.sock"), ...options });
    try {
      behind = { application, server: await WebServer.start(kind(application.address)) };
    } catch (error) {
      await application.close();
      throw error;
    }
  });
  afterAll(async () => {
    await behind?.server.stop();
    await behind?.application.close();
  });
  return () => {
    if (behind === undefined) throw new Error("Cannot use the Web server: it is started when the tests are");
    return behind;
  };
}
