import { onTestFinished } from "vitest";
import {
  createApplication,
  createContainer,
  type Definition,
  type FilterRequest,
  type Middleware,
} from "tricorn";
import { testApplication, type TestApplication } from "tricorn/testing";

import type { FilterBridgeOptions, ListenerOptions } from "../../src/bridges/bridge-options.js";
import { FilterBridge } from "../../src/bridges/filter/filter-bridge.js";
import { nodeFileSystem, type FileSystem } from "../../src/files/file-system.js";
import type { FilterDefinition } from "../../src/roles/definitions.js";
import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { Server } from "../../src/server/server.js";
import { folderWith } from "../support/folders.js";
import { capturedLog, type LogLine } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

/** A filter of text files that counts how often it runs. */
export interface CountedFilter extends FilterDefinition {
  runs: number;
}

/** A filter that answers with this value, as text. */
export function filtering(
  run: (request: FilterRequest) => unknown,
  { paths = ["*.txt"], ...more }: Partial<FilterDefinition> = {},
): CountedFilter {
  const definition: CountedFilter = {
    kind: "filter",
    name: "Test",
    type: "text/plain; charset=utf-8",
    ...more,
    paths,
    runs: 0,
    filter: (request) => {
      definition.runs += 1;
      return run(request);
    },
  };
  return definition;
}

/** The file as a whole, in upper case. */
export async function upperCase({ data }: FilterRequest): Promise<string> {
  let text = "";
  for await (const piece of data) text += Buffer.from(piece).toString();
  return text.toUpperCase();
}

/** The file as it arrives, in upper case. */
export async function* upperCaseStream({ data }: FilterRequest): AsyncGenerator<string> {
  for await (const piece of data) yield Buffer.from(piece).toString().toUpperCase();
}

export interface BridgeSetUp extends Partial<Omit<FilterBridgeOptions, "root">> {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** An existing folder instead of the files. */
  readonly root?: string;
  readonly mount?: string | undefined;
  readonly middleware?: readonly Middleware[];
  readonly listener?: Omit<ListenerOptions, "bridges">;
  /** Whether this process asks the authorizers itself. */
  readonly inProcess?: boolean;
}

/** An application with a bridge to its filters, without a socket. */
export interface Bridged {
  readonly root: string;
  readonly application: TestApplication;
  readonly log: readonly LogLine[];
  readonly respond: TestApplication["respond"];
}

/** Puts definitions behind a bridge until the test ends. */
export async function bridged(
  definitions: readonly Definition[],
  {
    files = {},
    root = folderWith(files),
    mount,
    middleware,
    listener,
    inProcess = false,
    ...filter
  }: BridgeSetUp = {},
): Promise<Bridged> {
  const { log, lines } = capturedLog();
  const container = createContainer();
  const application = await testApplication(
    createApplication({ controllers: [], definitions, container, log, mount, middleware }),
    { ...listener, bridges: { authorizer: { inProcess }, filter: { root, ...filter } } },
  );
  onTestFinished(() => application.close());
  return { root, application, log: lines, respond: (...request) => application.respond(...request) };
}

/** Steps of the file system that a test watches, or acts between. */
export interface Steps {
  /** The calls in order: `stat`, `open`, `read`. */
  readonly taken: string[];
  readonly fileSystem: FileSystem;
}

/** The file system with a note of each step, and something that happens before a file is opened. */
export function steps({ beforeOpen = () => {} }: { readonly beforeOpen?: () => void } = {}): Steps {
  const taken: string[] = [];
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    stat: (path) => {
      taken.push("stat");
      return nodeFileSystem.stat(path);
    },
    open: async (path) => {
      taken.push("open");
      beforeOpen();
      const handle = await nodeFileSystem.open(path);
      const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(handle, {
        read: (...args: unknown[]) => {
          taken.push("read");
          return read(...args);
        },
      });
      return handle;
    },
  };
  return { taken, fileSystem };
}

/** A bridge on a separate file system, behind a real socket. */
export async function bridgedOn(
  fileSystem: FileSystem,
  definitions: readonly Definition[],
  options: FilterBridgeOptions & { readonly timeouts?: { readonly handler: number } },
): Promise<{ readonly connect: () => Promise<WebServerPeer>; readonly log: readonly LogLine[] }> {
  const { log, lines } = capturedLog();
  const { timeouts, ...filter } = options;
  const roles = new Roles(definitions, { log, timeouts });
  const { door } = await FilterBridge.open(roles, { ...filter, fileSystem });
  const server = new Server(new Dispatcher(roles, { doors: [door] }), {
    log,
    timeouts: { shutdown: 0, abortGrace: 100, drain: 2_000 },
  });
  await server.listen("127.0.0.1:0");
  onTestFinished(() => server.close());
  return { log: lines, connect: () => WebServerPeer.connect(server.address) };
}
