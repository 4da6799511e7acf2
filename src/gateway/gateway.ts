import { pino, type Logger } from "pino";

import { blame, blamingCaller, callerOf, type Caller } from "../diagnostics/caller.js";
import { Scripts } from "./scripts.js";
import { exitUnlessCaught, reportMistake } from "../diagnostics/start-failure.js";
import { FastCgiClient } from "../client/index.js";
import { TricornError } from "../errors.js";
import { DocumentRoot } from "../files/document-root.js";
import { defaultLog } from "../log/default-log.js";
import {
  COLLECTED_BYTES,
  defaultGatewayTimeouts,
  gatewaySettingsOf,
  type GatewayOptions,
  type GatewayTimeouts,
} from "./gateway-options.js";
import { HttpListener } from "./http-listener.js";
import type { RouteTable } from "./route-table.js";
import { Site } from "./site.js";

/**
 * The embedded Web server, for development and tests: it speaks HTTP to clients, and FastCGI over a real socket to the application.
 *
 * Every request takes the same steps. Its path is parsed; an ambiguous one is refused or redirected. A protected path must be
 * allowed by an authorizer. Then the first that matches responds: the filter for a file that a filter glob covers, the responder
 * for a path that an entry of `respond` covers, the static file.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #client: FastCgiClient;
  readonly #routes: RouteTable;
  readonly #timeouts: GatewayTimeouts;
  readonly #mount: string;
  readonly #log: Logger;
  readonly #listener: HttpListener;
  #site: Site | undefined;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError for an invalid option, address, port, route or mount */
  constructor(options: GatewayOptions) {
    const { routes, mount, client } = reportingMistakes(() =>
      blamingCaller(Gateway, () => gatewaySettingsOf(options)),
    );
    this.#options = options;
    this.#mount = mount;
    this.#routes = routes;
    this.#timeouts = { ...defaultGatewayTimeouts, ...options.timeouts };
    this.#log = options.log ?? defaultLog([]).log;
    this.#client = client;
    this.#listener = new HttpListener((request, response, arrival) => {
      if (options.door?.(request, response) !== true) this.#site!.take(request, response, arrival);
    });
  }

  /**
   * Starts to listen, and returns the URL without a trailing slash: `http://127.0.0.1:8080`.
   *
   * @throws ConfigurationError `ERR_DOCUMENT_ROOT` if the folder, `ERR_GATEWAY_LISTEN` if the port cannot be used
   */
  listen(): Promise<{ url: string }> {
    // oxlint-disable-next-line typescript/unbound-method -- it is searched for on the stack, not called
    return this.#listenFor(callerOf(this.listen));
  }

  async #listenFor(caller: Caller): Promise<{ url: string }> {
    try {
      return await this.#listen();
    } catch (error) {
      if (error instanceof TricornError) blame(error, caller);
      exitUnlessCaught(error, () => reportMistake(error, this.#options.log));
      throw error;
    }
  }

  async #listen(): Promise<{ url: string }> {
    const {
      root: folder,
      host = "127.0.0.1",
      port = 8080,
      unknown = "gateway",
      log,
      php,
      observe,
    } = this.#options;
    const root = await DocumentRoot.open(folder);
    this.#site = new Site({
      client: this.#client,
      root,
      routes: this.#routes,
      mount: this.#mount,
      php: php && {
        scripts: await Scripts.open(root, php),
        documentRoot: php.root?.replace(/\/$/, "") ?? root.path,
        collectedBytes: php.collectedBytes ?? COLLECTED_BYTES,
      },
      unknown,
      authorizerTimeout: this.#timeouts.authorizer,
      log: this.#log,
      // Without an own logger, STDERR is not logged: the application has logged these lines itself. PHP has not.
      stderrLog: log ?? (php === undefined ? pino({ level: "silent" }) : this.#log),
      observe,
    });
    return { url: await this.#listener.listen({ host, port }) };
  }

  /** Stops listening, waits for active requests up to `timeouts.close`, and closes its client. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#listener.close(this.#timeouts.close);
    if (!(this.#options.application instanceof FastCgiClient)) await this.#client.close();
  }
}

/** An uncaught mistake is reported as by `serve`, and ends the process. */
function reportingMistakes<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    exitUnlessCaught(error, () => reportMistake(error));
    throw error;
  }
}
