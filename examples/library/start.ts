import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApplication, createContainer, serve } from "tricorn";
import { Gateway, routesOf } from "tricorn/gateway";

import { contentRoot, controllers } from "./application.js";

/** The running library. */
export interface Library {
  /** Where a browser finds it, with a "/" at the end. */
  readonly url: string;
  /** Finishes what is in flight, then stops. */
  close(): Promise<void>;
}

/** Starts the application on a unix socket that nobody else can reach, and the gateway in front of it. */
export async function startLibrary({ port }: { readonly port: number }): Promise<Library> {
  const folder = await mkdtemp(join(tmpdir(), "tricorn-library-")); // mkdtemp makes it for this user alone
  const application = createApplication({ controllers, container: createContainer() });
  const server = await serve(application, join(folder, "fastcgi.sock"), { signals: false });
  const gateway = new Gateway({
    application: server.address,
    root: fileURLToPath(contentRoot),
    routes: routesOf(application.description),
    port,
  });
  const close = async () => {
    await gateway.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url } = await gateway.listen();
    return { url: new URL("/", url).href, close };
  } catch (error) {
    await close();
    throw error;
  }
}
