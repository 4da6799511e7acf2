import { channel } from "node:diagnostics_channel";
import {
  createApplication,
  createContainer,
  serve,
  type ControllerClass,
  type HandlerTimeouts,
  type ServeOptions,
  type StderrLines,
  type TricornApplication,
} from "tricorn";

import { capturedLog, type LogLine } from "../served.js";
import { Contract } from "./contract.js";
import { Stage } from "./stage.js";

/** What is served, and how. */
export interface ApplicationOptions {
  /** Where it listens: `127.0.0.1:9000`, or the path of a unix socket; a free TCP port if left out. */
  readonly address?: string;
  /** The contract alone if left out. */
  readonly controllers?: readonly ControllerClass[];
  readonly mount?: string | undefined;
  readonly timeouts?: HandlerTimeouts;
  /** `failures` if left out. */
  readonly stderr?: StderrLines;
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

/** The group that Web servers run as where root starts them. */
export const webServerGroup = process.getuid?.() === 0 ? "www-data" : undefined;

/** Serves an application in this process. */
export async function serveApplication(options: ApplicationOptions = {}): Promise<ServedApplication> {
  const { address = "127.0.0.1:0", controllers = [Contract], mount, timeouts, stderr, serving } = options;
  const container = createContainer();
  const { log, lines } = capturedLog();
  const application = createApplication({ controllers, container, log, mount, timeouts, stderr });
  const served = await serve(application, address, {
    signals: false,
    ...(webServerGroup !== undefined && { socketAccess: { group: webServerGroup } }),
    ...serving,
    timeouts: { shutdown: 0, ...serving?.timeouts },
  });
  const accepted = new AcceptedConnections();
  return {
    address: address.startsWith("/") ? address : served.address,
    application,
    stage: container.resolve(Stage),
    log: lines,
    get connections() {
      return accepted.count;
    },
    close: async () => {
      accepted.stop();
      await served.close();
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
