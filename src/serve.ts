import { TricornApplication, createApplication, type ControllerClass } from "./application.js";
import { BridgedApplication } from "./bridges/bridged-application.js";
import type { ListenerOptions } from "./bridges/bridge-options.js";
import { answerAsCgi, isCgi } from "./cgi.js";
import { closeAtEnd } from "./process-end.js";
import { parseAddress, type AddressLike } from "./protocol/address.js";
import { serveObserver } from "./serve-observer.js";
import { isListening, systemdSocket } from "./server/inherited-socket.js";
import { Server, type ServerOptions } from "./server/server.js";

/** Where an application listens when nothing else tells: the port that the Web servers' own examples use. */
const DEFAULT_ADDRESS = "127.0.0.1:9000";

/** What `serve` can be told beside the application and the address. */
export interface ServeOptions extends Partial<ServerOptions>, ListenerOptions {
  /**
   * Whether the end of the process is the server's matter; true if left out. SIGTERM and SIGINT then close it and exit
   * with 0 (section 7). What nobody caught, an exception or a rejection, is logged; then it closes too and exits with 1,
   * because nobody knows what state the process is in.
   */
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
  { signals = true, bridges, vouchesFor, ...serverOptions }: ServeOptions = {},
): Promise<Served> {
  const observer = serveObserver();
  if (observer !== undefined) {
    observer(application);
    return new Promise(() => {});
  }
  try {
    const served = application instanceof TricornApplication ? application : createApplication(application);
    const options: ServerOptions = { log: served.log, ...serverOptions };
    const bridged = await BridgedApplication.open(served.dispatcher, { bridges, vouchesFor });
    const address = listen ?? inheritedAddress();
    if (address === undefined) return await serveAsCgi(served, { bridged, options });
    // What is wrong with address and options is found before anything starts.
    parseAddress(address);
    const server = new Server(bridged, options);
    await listenWith(served, { server, address });
    const running = new RunningServer(served, { server, signals });
    // Whoever reads this may send a signal at once.
    served.log.info(`Listening on ${running.address} for FastCGI`);
    return running;
  } catch (error) {
    // What Node.js prints of an error that ends the process begins with a source line and ends with a stack.
    if (signals) process.stderr.write(`${sentenceOf(error)}\n`);
    throw error;
  }
}

async function listenWith(
  application: TricornApplication,
  { server, address }: { readonly server: Server; readonly address: AddressLike },
): Promise<void> {
  await start(application);
  try {
    await server.listen(address);
  } catch (error) {
    await stop(application);
    throw error;
  }
}

/** What went wrong and what led to it, in one line. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error && !message.includes(cause.message)
    ? `${message}: ${sentenceOf(cause)}`
    : message;
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

interface CgiFacts {
  readonly bridged: BridgedApplication;
  readonly options: ServerOptions;
}

async function serveAsCgi(application: TricornApplication, { bridged, options }: CgiFacts): Promise<Served> {
  // A client sets it by a `Proxy` header, and what the handlers use would take it for its proxy (CVE-2016-5385).
  delete process.env["HTTP_PROXY"];
  await start(application);
  try {
    // An exit code has one byte, and a failure must not become 0 by losing the others.
    process.exitCode = Math.min(await answerAsCgi(bridged, options), 255);
  } finally {
    await stop(application);
  }
  return { address: "", close: () => Promise.resolve() };
}

/** How many servers each application is served by: it stops with the last of them. */
const uses = new WeakMap<TricornApplication, number>();

async function start(application: TricornApplication): Promise<void> {
  await application.start();
  uses.set(application, (uses.get(application) ?? 0) + 1);
}

async function stop(application: TricornApplication): Promise<void> {
  const left = (uses.get(application) ?? 1) - 1;
  uses.set(application, left);
  if (left === 0) await application.stop();
}

class RunningServer implements Served {
  readonly #application: TricornApplication;
  readonly #server: Server;
  readonly #forgetEnd: (() => void) | undefined;
  readonly address: string;
  #closing: Promise<void> | undefined;

  constructor(
    application: TricornApplication,
    { server, signals }: { readonly server: Server; readonly signals: boolean },
  ) {
    this.#application = application;
    this.#server = server;
    this.address = server.address;
    if (signals) {
      this.#forgetEnd = closeAtEnd({
        close: () => this.#closeAtEnd(),
        uncaught: (error, origin) => application.log.fatal({ err: error, origin }, "Nobody caught an error"),
      });
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#server.close();
      await stop(this.#application);
    } finally {
      this.#forgetEnd?.();
    }
  }

  async #closeAtEnd(): Promise<void> {
    try {
      await this.close();
    } catch (error) {
      this.#application.log.error({ err: error }, "Cannot close cleanly");
      throw error;
    }
  }
}
