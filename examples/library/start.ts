import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApplication, createContainer, serve } from "tricorn";
import { FastCgiClient } from "tricorn/client";
import { Gateway, routesOf } from "tricorn/gateway";
import { Inspector } from "tricorn/inspector";

import { contentRoot, controllers } from "./application.js";
import { errorPages } from "./error-pages.js";

/** The running library. */
export interface Library {
  /** The URL for a browser, with a "/" at the end. */
  readonly url: string;
  /** The URL of the page that shows what travels between gateway and application. */
  readonly inspectorUrl: string;
  /** Finishes active requests, then stops. */
  close(): Promise<void>;
}

/** Starts the application on a private unix socket, and the gateway in front of it. */
export async function startLibrary({ port }: { readonly port: number }): Promise<Library> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-library-")); // mkdtemp makes it private to this user
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder); // also without a call of close()
  const application = createApplication({
    controllers,
    middleware: [errorPages],
    container: createContainer(),
  });
  const server = await serve(application, join(folder, "fastcgi.sock"), { signals: false });
  const inspector = new Inspector();
  const client = new FastCgiClient({ address: server.address, observe: inspector.client });
  const gateway = new Gateway({
    application: client,
    root: fileURLToPath(contentRoot),
    routes: routesOf(application.description),
    unknown: "application", // has a page for what is not found
    port,
    observe: inspector.gateway,
    door: inspector.door,
  });
  const close = async () => {
    inspector.close();
    await gateway.close();
    await client.close();
    await server.close();
    removeFolder();
    process.off("exit", removeFolder);
  };
  try {
    const { url } = await gateway.listen();
    return { url: new URL("/", url).href, inspectorUrl: `${url}/__tricorn`, close };
  } catch (error) {
    await close();
    throw error;
  }
}
