import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApplication, createContainer, type ControllerClass } from "tricorn";
import { routesOf } from "tricorn/gateway";
import { describe, expect, test } from "vitest";

import { freePort } from "./free-port.js";
import { GatewayServer } from "./gateway-server.js";
import { configurationFor, generated } from "./generated.js";
import { serverVersion } from "./server-version.js";
import type { PostOptions } from "./gate-post.js";
import { serverNames, type Door, type SetUp } from "./set-up.js";
import { WebServer, type RunningServer } from "./web-server.js";

/** What a Web server and its application are put together of. */
export interface Scene {
  /** Starts the Web server with its configuration. */
  start(): Promise<RunningServer>;
  /** What the application must be told, because the configuration says so. */
  readonly options: PostOptions;
}

/** Where and for what a scene is set. */
export interface SceneOptions {
  /** Where the application will listen. */
  readonly address: string;
  readonly controllers: readonly ControllerClass[];
  readonly root?: string;
}

/** Writes the configuration of a set-up. The application has to be told what the configuration says that it needs. */
export function sceneOf(
  { server, mount = "", deployment }: SetUp,
  { address, controllers, root }: SceneOptions,
): Scene {
  const { description } = createApplication({ controllers, container: createContainer() });
  if (server === "gateway") {
    // It is told in code; there is no configuration to write.
    const routes = routesOf(description, { mount });
    const start = (): Promise<RunningServer> =>
      GatewayServer.start({ application: address, root: root ?? tmpdir(), routes, mount });
    return { start, options: {} };
  }
  const options = { server, address, description, mount, root, deployment };
  const { mount: told, ...serving } = configurationFor(options, { port: 1, folder: "/nowhere" }).needs;
  return { start: () => WebServer.start(generated(options)), options: { mount: told, serving } };
}

/** An address that an application can listen on: a free port, or a unix socket in a folder. */
export async function freeAddress(over: NonNullable<SetUp["over"]>, folder: string): Promise<string> {
  const place = over.endsWith("unix") ? join(folder, "app.sock") : `127.0.0.1:${await freePort()}`;
  return over.startsWith("scgi") ? `scgi:${place}` : place;
}

/** Describes a set-up, so that docs/web-servers.md can be made of the results. */
export function describeSetUp({ id, server, how }: SetUp, door: Door, define: () => void): void {
  const facts = { id, server: serverNames[server], door, how };
  describe(`${door} behind ${facts.server}, ${how}`, { meta: { setUp: facts } }, define);
}

/** The first test of each set-up: that there is one. */
export function testStart({ server: name }: SetUp, server: () => RunningServer): void {
  const title =
    name === "gateway"
      ? "it starts"
      : "the server accepts the configuration from `tricorn config`, and starts with it";
  test(title, async ({ task }) => {
    task.meta.version = await serverVersion(name, server());
    expect((await fetch(`${server().url}/`)).status).toBeGreaterThan(0);
  });
}
