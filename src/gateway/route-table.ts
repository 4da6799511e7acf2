import { ConfigurationError } from "../errors.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { compileGlob, compileProtection, isGlob, type PathMatcher } from "../paths/path-glob.js";
import type { GatewayRoutes } from "../paths/routes-of.js";

/** The compiled routes of a gateway. All paths are decoded. */
export class RouteTable {
  readonly #protected: readonly PathMatcher[];
  readonly #filtered: readonly PathMatcher[];
  readonly #responded: readonly PathMatcher[];

  /** @throws ConfigurationError `ERR_GATEWAY_ROUTE` for an entry that cannot match any path */
  constructor(routes: GatewayRoutes | undefined) {
    checkForm(routes);
    const { protect, filter, respond } = routes;
    this.#protected = requireEntries("protect", protect).map(compileProtection);
    this.#filtered = requireEntries("filter", filter).map(compileGlob);
    this.#responded = requireEntries("respond", respond).map(compileRespond);
  }

  /** Whether an authorizer must allow this path, in any of its readings. */
  protects(path: string): boolean {
    const names = withoutBlanks(path);
    return this.#protected.some((covers) => covers(path) || covers(names));
  }

  /** Whether a file of this name passes through a filter. */
  filters(path: string): boolean {
    return this.#filtered.some((covers) => covers(path));
  }

  /** Whether a responder handles this path. */
  responds(path: string): boolean {
    return this.#responded.some((covers) => covers(path));
  }
}

const LISTS = ["protect", "filter", "respond"] as const;

/** Checks the types for callers without TypeScript. */
function checkForm(routes: unknown): asserts routes is GatewayRoutes {
  const cure = "; use routes: routesOf(application.description)";
  if (typeof routes !== "object" || routes === null) {
    const fact = routes === undefined ? "routes are missing" : "routes are not an object";
    throw new ConfigurationError("ERR_GATEWAY_ROUTE", `Cannot create gateway: ${fact}${cure}`);
  }
  refuseUnknownOptions("Gateway.routes", routes);
  for (const name of LISTS) {
    const list: unknown = Reflect.get(routes, name);
    if (Array.isArray(list) && list.every((entry) => typeof entry === "string")) continue;
    throw new ConfigurationError(
      "ERR_GATEWAY_ROUTE",
      `Cannot create gateway: routes.${name} is ${list === undefined ? "missing" : "not a list of strings"}${cure}`,
    );
  }
}

function requireEntries(list: string, entries: readonly string[]): readonly string[] {
  for (const entry of entries) {
    if (entry === "")
      throw new ConfigurationError("ERR_GATEWAY_ROUTE", `Cannot ${list} "": the entry is empty`);
  }
  return entries;
}

/** As Windows opens it: without dots and spaces at the end of a name. */
function withoutBlanks(path: string): string {
  return path.includes(" ") ? path.split("/").map(trimEnd).join("/") : path;
}

/** Without a regular expression, whose time would be quadratic in the number of dots. */
function trimEnd(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end -= 1;
  return name.slice(0, end);
}

function compileRespond(entry: string): PathMatcher {
  if (isGlob(entry)) {
    const covers = compileGlob(entry);
    return (path) => covers(path) || covers(withoutSlash(path));
  }
  if (!entry.startsWith("/")) {
    throw new ConfigurationError(
      "ERR_GATEWAY_ROUTE",
      `Cannot respond "${entry}": it does not start with "/"`,
    );
  }
  if (entry.endsWith("$")) {
    const exact = withoutSlash(entry.slice(0, -1));
    return (path) => withoutSlash(path) === exact;
  }
  const prefix = withoutSlash(entry);
  return prefix === "/" ? () => true : (path) => path === prefix || path.startsWith(`${prefix}/`);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
