import { channel } from "node:diagnostics_channel";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createApplication,
  createContainer,
  serve,
  type ControllerClass,
  type HandlerTimeouts,
  type ListenerOptions,
  type StderrLines,
} from "tricorn";

import { capturedLog, type LogLine } from "../served.js";
import { Contract } from "./contract.js";
import { Stage } from "./stage.js";

/** What is served, and how. */
export interface ApplicationOptions {
  readonly over?: "tcp" | "unix";
  /** The contract alone if left out. */
  readonly controllers?: readonly ControllerClass[];
  readonly mount?: string;
  readonly timeouts?: HandlerTimeouts;
  /** What the application is told about the Web server. */
  readonly listener?: ListenerOptions;
  /** `failures` if left out. */
  readonly stderr?: StderrLines;
}

/** An application that is served in this process, behind which a Web server can be put. */
export interface ServedApplication {
  /** `127.0.0.1:9000`, or the path of a unix socket. */
  readonly address: string;
  readonly stage: Stage;
  readonly log: readonly LogLine[];
  /** How many FastCGI connections were accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Serves an application on a free TCP port or a unix socket of its own. */
export async function serveApplication(options: ApplicationOptions = {}): Promise<ServedApplication> {
  const { over = "unix", controllers = [Contract], mount, timeouts, listener, stderr } = options;
  const folder = mkdtempSync(join(tmpdir(), "tricorn-app-"));
  const container = createContainer();
  const { log, lines } = capturedLog();
  const application = createApplication({ controllers, container, log, mount, timeouts, stderr });
  const socket = join(folder, "app.sock");
  const served = await serve(application, over === "tcp" ? "127.0.0.1:0" : socket, {
    ...listener,
    signals: false,
    timeouts: { shutdown: 0 },
  });
  const address = over === "tcp" ? served.address : socket;
  const accepted = new AcceptedConnections();
  return {
    address,
    stage: container.resolve(Stage),
    log: lines,
    get connections() {
      return accepted.count;
    },
    close: async () => {
      accepted.stop();
      await served.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Counts what the servers of this process accept; the application's is the only one. */
class AcceptedConnections {
  readonly #channel = channel("net.server.socket");
  count = 0;

  constructor() {
    this.#channel.subscribe(this.#accepted);
  }

  stop(): void {
    this.#channel.unsubscribe(this.#accepted);
  }

  readonly #accepted = (): void => {
    this.count++;
  };
}
