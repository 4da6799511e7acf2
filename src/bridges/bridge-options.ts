import { ConfigurationError } from "../errors.js";
import { VARIABLE_NAME } from "../roles/verdict.js";

/** How the authorizers of an application are asked if the Web server does not speak the authorizer role. */
export interface AuthorizerBridgeOptions {
  /** The param with the original request target of a `forward_auth` question; TRICORN_URI by default. */
  readonly uri?: string | undefined;
  /** The param with the original method of a `forward_auth` question; TRICORN_METHOD by default. */
  readonly method?: string | undefined;
  /**
   * Whether this process asks the authorizers before a responder or filter of this listener runs; false by default. For Web
   * servers that cannot ask: HAProxy, H2O, Jetty. A request that no authorizer covers is answered without asking.
   */
  readonly inProcess?: boolean | undefined;
}

/** The files that filters transform, for Web servers that do not speak the filter role. */
export interface FilterBridgeOptions {
  /** The root folder of the paths of requests. Nothing outside it is ever read, even through a link. */
  readonly root: string;
  /** The file for a path that ends with a slash; `index.html` by default. */
  readonly index?: string | undefined;
  /** Caches replies that are the same for all clients; by default nothing is cached. */
  readonly cache?: FilterCacheOptions | undefined;
}

/** The size of the cache of filtered files. */
export interface FilterCacheOptions {
  /** Bytes of memory; one reply takes at most an eighth of them. */
  readonly bytes: number;
}

/** The bridges from the responder role (section 6.2) to the other two, for Web servers that speak no other role. */
export interface BridgeOptions {
  readonly authorizer?: AuthorizerBridgeOptions | undefined;
  /** Without it no filter runs in the responder role. */
  readonly filter?: FilterBridgeOptions | undefined;
}

/** What one listener of an application knows of its Web server. */
export interface ListenerOptions {
  readonly bridges?: BridgeOptions | undefined;
  /**
   * The variables that the Web server of this listener vouches for, such as `["REMOTE_USER"]` behind Apache: it sets them
   * itself, and no client can. `request.user` is the first non-empty one.
   */
  readonly vouchesFor?: readonly string[] | undefined;
}

/**
 * Variables that a client chooses behind every Web server: its header fields, the parts of its target, what it says about
 * its body. AUTH_TYPE is the whole Authorization field behind Jetty, and REMOTE_IDENT is a claim of the client's machine.
 */
const CLIENT_CONTROLLED =
  /^(?:REDIRECT_)*(?:AUTH_TYPE|CONTENT_.*|DOCUMENT_URI|HTTP_.*|PATH_INFO|PATH_TRANSLATED|QUERY_STRING|REMOTE_(?:IDENT|PASSWD)|REQUEST_.*|SCRIPT_.*|SERVER_(?:NAME|PROTOCOL)|TRICORN_.*|URL)$/i;

/**
 * Checks the names of the variables that a Web server vouches for.
 *
 * @throws ConfigurationError `ERR_VOUCHES_FOR` for an invalid name, and for a variable that clients can set
 */
export function checkVouchesFor(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) {
    throw new ConfigurationError(
      "ERR_VOUCHES_FOR",
      `Cannot serve: vouchesFor is not a list; write ["REMOTE_USER"]`,
    );
  }
  for (const name of names as readonly unknown[]) {
    if (typeof name !== "string" || !VARIABLE_NAME.test(name)) {
      throw new ConfigurationError(
        "ERR_VOUCHES_FOR",
        `Cannot serve: vouchesFor has ${JSON.stringify(name)}, which is not a variable name`,
      );
    }
    if (CLIENT_CONTROLLED.test(name)) {
      throw new ConfigurationError(
        "ERR_VOUCHES_FOR",
        `Cannot serve: vouchesFor has ${name}, which the client controls; no Web server can vouch for it`,
      );
    }
  }
  return [...names];
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  bridges: ["authorizer", "filter"],
  "bridges.authorizer": ["uri", "method", "inProcess"],
  "bridges.filter": ["root", "index", "cache"],
  "bridges.filter.cache": ["bytes"],
};

/**
 * Checks the options of the bridges.
 *
 * @throws ConfigurationError `ERR_BRIDGE` for an unknown option or an invalid value
 */
export function checkBridges(bridges: BridgeOptions): void {
  refuseUnknown("bridges", bridges);
  const { authorizer, filter } = bridges;
  if (authorizer !== undefined) checkAuthorizerBridge(authorizer);
  if (filter !== undefined) checkFilterBridge(filter);
}

function checkAuthorizerBridge(authorizer: AuthorizerBridgeOptions): void {
  refuseUnknown("bridges.authorizer", authorizer);
  for (const option of ["uri", "method"] as const) {
    const name: unknown = authorizer[option];
    if (name !== undefined && (typeof name !== "string" || !VARIABLE_NAME.test(name))) {
      throw new ConfigurationError(
        "ERR_BRIDGE",
        `Cannot serve: bridges.authorizer.${option} is ${JSON.stringify(name)}, which is not a param name`,
      );
    }
  }
  const { inProcess } = authorizer as { readonly inProcess?: unknown };
  if (inProcess !== undefined && typeof inProcess !== "boolean") {
    throw new ConfigurationError(
      "ERR_BRIDGE",
      `Cannot serve: bridges.authorizer.inProcess is of type ${typeof inProcess}; it must be true or false`,
    );
  }
}

function checkFilterBridge(filter: FilterBridgeOptions): void {
  refuseUnknown("bridges.filter", filter);
  const { root, index, cache } = filter as { readonly [name in keyof FilterBridgeOptions]: unknown };
  if (typeof root !== "string" || root === "") {
    throw new ConfigurationError(
      "ERR_BRIDGE",
      "Cannot serve: bridges.filter.root is not a path; set it to the folder of the files",
    );
  }
  if (index !== undefined && (typeof index !== "string" || !/^[^./\\\0][^/\\\0]*$/.test(index))) {
    throw new ConfigurationError(
      "ERR_BRIDGE",
      `Cannot serve: bridges.filter.index is ${JSON.stringify(index)}, which is not a file name; write "index.html"`,
    );
  }
  if (cache === undefined) return;
  refuseUnknown("bridges.filter.cache", cache);
  const { bytes } = cache as { readonly bytes?: unknown };
  if (typeof bytes !== "number" || !(bytes > 0) || !Number.isSafeInteger(Math.ceil(bytes))) {
    throw new ConfigurationError(
      "ERR_BRIDGE",
      `Cannot serve: bridges.filter.cache.bytes is ${String(bytes)}; it must be a positive number, such as 64 * 1024 * 1024`,
    );
  }
}

/** A misspelt option would leave unprotected what it was meant to protect. */
function refuseUnknown(where: string, options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError("ERR_BRIDGE", `Cannot serve: ${where} is not an object`);
  }
  for (const name of Object.keys(options)) {
    if (KNOWN[where]?.includes(name) === true) continue;
    throw new ConfigurationError(
      "ERR_BRIDGE",
      `Cannot serve: ${where} has no option ${name}; it has ${KNOWN[where]?.join(", ")}`,
    );
  }
}
