import { ConfigurationError } from "../errors.js";

/** How the authorizers of an application are asked where the Web server does not speak the authorizer role. */
export interface AuthorizerBridgeOptions {
  /** The param with the original request target of a `forward_auth` question; TRICORN_URI if left out. */
  readonly uri?: string | undefined;
  /** The param with the original method of a `forward_auth` question; TRICORN_METHOD if left out. */
  readonly method?: string | undefined;
  /**
   * Whether this process itself asks the authorizers before a responder or filter of this listener runs, for Web servers
   * that cannot ask: HAProxy, H2O, Jetty. What no authorizer covers is answered without.
   */
  readonly inProcess?: boolean | undefined;
}

/** The doors over the responder role (section 6.2), for Web servers that speak no other. */
export interface BridgeOptions {
  readonly authorizer?: AuthorizerBridgeOptions | undefined;
}

/** What one listener of an application knows of its Web server. */
export interface ListenerOptions {
  readonly bridges?: BridgeOptions | undefined;
  /**
   * The variables that the Web server of this listener vouches for, such as `["REMOTE_USER"]` behind Apache: it sets them
   * itself, whatever a client sends. The first that is there and not empty is `request.user`.
   */
  readonly vouchesFor?: readonly string[] | undefined;
}

/** A variable name as a shell takes it. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * What a client chooses, whatever the Web server is: its header fields, the parts of its target, what it says about its
 * body. AUTH_TYPE is the whole Authorization field behind Jetty, and REMOTE_IDENT is what the client's machine claims.
 */
const CLIENTS_WORD =
  /^(?:REDIRECT_)*(?:AUTH_TYPE|CONTENT_.*|DOCUMENT_URI|HTTP_.*|PATH_INFO|PATH_TRANSLATED|QUERY_STRING|REMOTE_(?:IDENT|PASSWD)|REQUEST_.*|SCRIPT_.*|SERVER_(?:NAME|PROTOCOL)|TRICORN_.*|URL)$/i;

/**
 * Checks the names of the variables that a Web server vouches for.
 *
 * @throws ConfigurationError `ERR_VOUCHES_FOR` for what is no name, and for a variable that clients can set
 */
export function checkVouchesFor(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) {
    throw new ConfigurationError(
      "ERR_VOUCHES_FOR",
      `Cannot serve: vouchesFor is no list; write ["REMOTE_USER"]`,
    );
  }
  for (const name of names as readonly unknown[]) {
    if (typeof name !== "string" || !VARIABLE_NAME.test(name)) {
      throw new ConfigurationError(
        "ERR_VOUCHES_FOR",
        `Cannot serve: vouchesFor has ${JSON.stringify(name)}, which is no name of a variable`,
      );
    }
    if (CLIENTS_WORD.test(name)) {
      throw new ConfigurationError(
        "ERR_VOUCHES_FOR",
        `Cannot serve: vouchesFor has ${name}, which is what the client says; no Web server can vouch for it`,
      );
    }
  }
  return [...names];
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  bridges: ["authorizer"],
  "bridges.authorizer": ["uri", "method", "inProcess"],
};

/**
 * Checks what was said about bridges.
 *
 * @throws ConfigurationError `ERR_BRIDGE` for an option that does not exist, or whose value cannot be meant so
 */
export function checkBridges(bridges: BridgeOptions): void {
  refuseUnknown("bridges", bridges);
  const { authorizer } = bridges;
  if (authorizer === undefined) return;
  refuseUnknown("bridges.authorizer", authorizer);
  for (const option of ["uri", "method"] as const) {
    const name: unknown = authorizer[option];
    if (name !== undefined && (typeof name !== "string" || !VARIABLE_NAME.test(name))) {
      throw new ConfigurationError(
        "ERR_BRIDGE",
        `Cannot serve: bridges.authorizer.${option} is ${JSON.stringify(name)}, which is no name of a param`,
      );
    }
  }
  const { inProcess } = authorizer as { readonly inProcess?: unknown };
  if (inProcess !== undefined && typeof inProcess !== "boolean") {
    throw new ConfigurationError(
      "ERR_BRIDGE",
      `Cannot serve: bridges.authorizer.inProcess is ${typeof inProcess}, it is true or false`,
    );
  }
}

/** A misspelt option would leave open what it was meant to protect. */
function refuseUnknown(where: string, options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError("ERR_BRIDGE", `Cannot serve: ${where} is no object of options`);
  }
  for (const name of Object.keys(options)) {
    if (KNOWN[where]?.includes(name) === true) continue;
    throw new ConfigurationError(
      "ERR_BRIDGE",
      `Cannot serve: there is no ${where}.${name}; there are ${KNOWN[where]?.join(", ")}`,
    );
  }
}
