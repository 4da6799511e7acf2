import type { IncomingMessage, ServerResponse } from "node:http";

import { FastCgiClient } from "../client/index.js";
import { ConfigurationError } from "../errors.js";
import type { GatewayRoutes } from "../paths/routes-of.js";
import type { AddressLike } from "../protocol/address.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { Logger } from "pino";
import type { GatewayObserver } from "./gateway-observer.js";
import { checkPort } from "./listen-error.js";
import { RouteTable } from "./route-table.js";
import { checkPhpOptions, type PhpOptions } from "./scripts.js";

/** The time limits of a gateway, in milliseconds. Those of responders and filters are options of the client. */
export interface GatewayTimeouts {
  /** For the whole response of an authorizer; then the client gets 504. Default: 10 s. */
  readonly authorizer: number;
  /** From `close()` until active connections are destroyed. Default: 10 s. */
  readonly close: number;
}

/**
 * Gets each request before everything else, and returns true if it answers it. Nothing was checked yet: neither the path nor the Host.
 */
export type GatewayDoor = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Options of `Gateway`. */
export interface GatewayOptions {
  /** The address of the application, or a client. The gateway does not close a client that it was given. */
  readonly application: AddressLike | FastCgiClient;
  /** The folder of the static and the filtered files. */
  readonly root: string;
  /** The paths of each role; see `routesOf`. Only a PHP application can have none. */
  readonly routes?: GatewayRoutes | undefined;
  /**
   * The application is PHP (PHP-FPM, php-cgi): the scripts below the root are its, and are never sent as files. Each request gets a
   * connection of its own, since a kept one would hold one of PHP's processes.
   */
  readonly php?: PhpOptions | undefined;
  /**
   * Who answers a path that no route covers and no file has: the `application`, as behind a generated configuration, or the `gateway`,
   * by 404. Default: `gateway`.
   */
  readonly unknown?: "application" | "gateway" | undefined;
  /** The path prefix of the application, its SCRIPT_NAME: "/app". Default: the root. */
  readonly mount?: string | undefined;
  /** The address to listen on. Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** The port to listen on; 0 for any free port. Default: 8080. */
  readonly port?: number | undefined;
  readonly timeouts?: Partial<GatewayTimeouts> | undefined;
  /** Answers requests that are not for the application, such as those for an inspector. */
  readonly door?: GatewayDoor | undefined;
  /** By default, failures are logged where an application's log goes; see TRICORN_LOG. */
  readonly log?: Logger | undefined;
  /** Sees each request, what the application decides, and how it ends. Default: none. */
  readonly observe?: GatewayObserver | undefined;
}

export const defaultGatewayTimeouts: GatewayTimeouts = { authorizer: 10_000, close: 10_000 };

/** Of a PHP application, whose files say what is there. */
const NO_ROUTES: GatewayRoutes = { protect: [], filter: [], respond: [] };

/** The default of {@link PhpOptions.collectedBytes}. */
export const COLLECTED_BYTES = 8 * 1024 * 1024;

/** Checked options. */
export interface GatewaySettings {
  readonly routes: RouteTable;
  /** Without a trailing slash. */
  readonly mount: string;
  readonly client: FastCgiClient;
}

/**
 * Checks the options, compiles the routes, and creates a client if there is none.
 *
 * @throws ConfigurationError for an invalid option, address, port, route or mount
 */
export function gatewaySettingsOf(options: GatewayOptions): GatewaySettings {
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError(
      "ERR_OPTION",
      `Cannot create gateway: the options are ${options === null ? "null" : typeof options}, not an object; ` +
        "write new Gateway({ application, root, routes })",
    );
  }
  refuseUnknownOptions("Gateway", options);
  const { application, root, port, mount = "", php } = options;
  if (php !== undefined) {
    refuseUnknownOptions("Gateway.php", php);
    checkPhpOptions(php);
  }
  const routes = options.routes ?? (php === undefined ? undefined : NO_ROUTES);
  if (typeof root !== "string" || root === "") {
    throw new ConfigurationError(
      "ERR_DOCUMENT_ROOT",
      'Cannot create gateway: root is missing; set the folder of the static files: root: "public"',
    );
  }
  if (port !== undefined) checkPort(port);
  const prefix = mount.replace(/\/$/, "");
  if (prefix !== "" && !prefix.startsWith("/")) {
    throw new ConfigurationError(
      "ERR_GATEWAY_MOUNT",
      `Cannot mount at "${mount}": it does not start with "/"`,
    );
  }
  if (prefix !== "" && php !== undefined) {
    throw new ConfigurationError(
      "ERR_GATEWAY_MOUNT",
      `Cannot mount at "${mount}": a PHP application has the paths of its scripts; put them in a folder of that name`,
    );
  }
  const client =
    application instanceof FastCgiClient
      ? application
      : clientFor(application, { keepConnection: php === undefined });
  return { routes: new RouteTable(routes), mount: prefix, client };
}

function clientFor(
  application: AddressLike,
  { keepConnection }: { readonly keepConnection: boolean },
): FastCgiClient {
  if (application === undefined) {
    throw new ConfigurationError(
      "ERR_ADDRESS",
      "Cannot create gateway: application is missing; set the address where it listens: application: address",
    );
  }
  return new FastCgiClient({ address: application, keepConnection });
}
