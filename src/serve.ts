import { TricornApplication, createApplication, type ControllerClass } from "./application.js";
import { answerAsCgi, isCgi } from "./cgi.js";
import type { AddressLike } from "./protocol/address.js";
import { isListening, systemdSocket } from "./server/inherited-socket.js";
import { Server, type ServerOptions } from "./server/server.js";

/** Where an application listens when nothing else tells: the port that the Web servers' own examples use. */
const DEFAULT_ADDRESS = "127.0.0.1:9000";

/** What `serve` can be told beside the application and the address. */
export interface ServeOptions extends Partial<ServerOptions> {
  /** Whether SIGTERM and SIGINT close the server and end the process (section 7); true if left out. */
  readonly signals?: boolean | undefined;
}

/** An application that is being served. */
export interface Served {
  /** Where it listens: `127.0.0.1:9000`, `unix:/run/app.sock`, `fd:0`; "" after it answered as a CGI program. */
  readonly address: string;
  /** Finishes what is in flight, closes every connection, and runs the stop hooks. */
  close(): Promise<void>;
}

/**
 * Serves controllers, or an application made by `createApplication`, over FastCGI.
 *
 * Where no address is given, it finds out how the process was started: descriptor 0 is a listening socket (a Web server
 * or spawn-fcgi started it), systemd passed a socket (LISTEN_FDS), TRICORN_LISTEN names an address, or the environment
 * is that of a CGI program, which answers one request. Else it listens on 127.0.0.1:9000.
 *
 * @throws ConfigurationError for every mistake that can be found before the first request
 */
export async function serve(
  application: TricornApplication | readonly ControllerClass[],
  listen?: AddressLike,
  { signals = true, ...serverOptions }: ServeOptions = {},
): Promise<Served> {
  const served = application instanceof TricornApplication ? application : createApplication(application);
  const options: ServerOptions = { log: served.log, ...serverOptions };
  await served.start();
  const address = listen ?? inheritedAddress();
  if (address === undefined) {
    process.exitCode = await answerAsCgi(served, options);
    await served.stop();
    return { address: "", close: () => Promise.resolve() };
  }
  const server = new Server(served, options);
  try {
    await server.listen(address);
  } catch (error) {
    await served.stop();
    throw error;
  }
  const running = new RunningServer(served, server);
  if (signals) running.closeOnSignals();
  served.log.info(`Listening on ${running.address} for FastCGI`);
  return running;
}

/** The address that the way the process was started implies; undefined for a CGI program. */
function inheritedAddress(): AddressLike | undefined {
  if (isListening(0)) return "fd:0";
  const passed = systemdSocket(process.env);
  if (passed !== undefined) return `fd:${passed}`;
  const named = process.env["TRICORN_LISTEN"];
  if (named !== undefined && named !== "") return named;
  return isCgi(process.env) ? undefined : DEFAULT_ADDRESS;
}

class RunningServer implements Served {
  readonly #application: TricornApplication;
  readonly #server: Server;
  readonly address: string;
  #closing: Promise<void> | undefined;
  #signals = 0;

  constructor(application: TricornApplication, server: Server) {
    this.#application = application;
    this.#server = server;
    this.address = server.address;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Section 7: SIGTERM asks the application to finish and exit; a second signal does not wait any more. */
  closeOnSignals(): void {
    process.on("SIGTERM", this.#onSignal);
    process.on("SIGINT", this.#onSignal);
  }

  readonly #onSignal = (_signal: NodeJS.Signals, number: number): void => {
    this.#signals += 1;
    if (this.#signals > 1) process.exit(128 + number);
    this.close().then(
      () => process.exit(0),
      (error: unknown) => {
        this.#application.log.error({ err: error }, "Cannot close cleanly");
        process.exit(1);
      },
    );
  };

  async #close(): Promise<void> {
    await this.#server.close();
    await this.#application.stop();
    if (this.#signals === 0) {
      process.off("SIGTERM", this.#onSignal);
      process.off("SIGINT", this.#onSignal);
    }
  }
}
