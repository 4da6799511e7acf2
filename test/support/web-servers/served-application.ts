import { channel } from "node:diagnostics_channel";
import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createApplication,
  createContainer,
  serve,
  type ControllerClass,
  type HandlerTimeouts,
  type ServeOptions,
  type TricornApplication,
} from "tricorn";

import { capturedLog, type LogLine } from "../served.js";
import { Contract } from "./contract.js";
import { freePort } from "./free-port.js";
import { Stage } from "./stage.js";

/** What is served, and how. */
export interface ApplicationOptions {
  readonly over?: "tcp" | "unix";
  /** A place that it had before: it is served there again. */
  readonly at?: Berth;
  /** The contract alone if left out. */
  readonly controllers?: readonly ControllerClass[];
  readonly mount?: string | undefined;
  readonly timeouts?: HandlerTimeouts;
  /** What `serve` is told. */
  readonly serving?: Omit<ServeOptions, "signals" | "log">;
}

/** An application that is served in this process, behind which a Web server can be put. */
export interface ServedApplication {
  /** `127.0.0.1:9000`, or the path of a unix socket. */
  readonly address: string;
  readonly application: TricornApplication;
  readonly stage: Stage;
  readonly log: readonly LogLine[];
  /** How many FastCGI connections were accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** An address that an application can listen on: time and again, and others in its place. */
export class Berth {
  /** `127.0.0.1:9000`, or the path of a unix socket. */
  readonly address: string;
  readonly #folder: string | undefined;

  private constructor(address: string, folder?: string) {
    this.address = address;
    this.#folder = folder;
  }

  static async find(over: "tcp" | "unix"): Promise<Berth> {
    if (over === "tcp") return new Berth(`127.0.0.1:${await freePort()}`);
    const folder = mkdtempSync(join(tmpdir(), "tricorn-app-"));
    // A Web server that is started by root runs as somebody else.
    chmodSync(folder, 0o755);
    return new Berth(join(folder, "app.sock"), folder);
  }

  async leave(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The group that Web servers run as where root starts them. */
export const webServerGroup = process.getuid?.() === 0 ? "www-data" : undefined;

/** Serves an application on a free TCP port or a unix socket of its own. */
export async function serveApplication(options: ApplicationOptions = {}): Promise<ServedApplication> {
  const { over = "unix", at, controllers = [Contract], mount, timeouts, serving } = options;
  const berth = at ?? (await Berth.find(over));
  const container = createContainer();
  const { log, lines } = capturedLog();
  const application = createApplication({ controllers, container, log, mount, timeouts });
  const served = await serve(application, berth.address, {
    signals: false,
    ...(webServerGroup !== undefined && { socketAccess: { group: webServerGroup } }),
    ...serving,
    timeouts: { shutdown: 0, ...serving?.timeouts },
  });
  const accepted = new AcceptedConnections();
  return {
    address: berth.address,
    application,
    stage: container.resolve(Stage),
    log: lines,
    get connections() {
      return accepted.count;
    },
    close: async () => {
      accepted.stop();
      await served.close();
      if (at === undefined) await berth.leave();
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
