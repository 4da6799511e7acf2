import { ConfigurationError } from "../errors.js";
import { compileGlob, compileProtection, MAX_PATH_LENGTH, type PathMatcher } from "../paths/path-glob.js";
import type { Params } from "../protocol/params.js";
import type { AuthorizerDefinition } from "./definitions.js";
import { globsOf } from "./globs-of.js";
import { HeaderError } from "../http/header-fields.js";
import { documentPaths, locate, protectedPaths, type RequestLocation } from "../paths/location.js";
import { decodeSegments, normalizePath } from "../paths/plain-path.js";
import { targetOf } from "../paths/request-target.js";
import { Allow, Deny, faultOfVariable, type Verdict } from "./verdict.js";
import type { AuthorizerRequest } from "./authorizer-request.js";

/** One authorizer, and the paths that it decides about. */
export interface Gate {
  readonly name: string;
  /** The variables that it declares to pass on; empty if it declares none. */
  readonly variables: readonly string[];
  /** Whether a glob matches a decoded path exactly. */
  readonly isFor: PathMatcher;
  /** Whether it must allow a decoded path: a glob matches one of its readings. */
  readonly covers: PathMatcher;
  /** Decides about a request; the result counts only once it is {@link checked}. */
  readonly authorize: (request: AuthorizerRequest) => unknown;
  /** The result as a verdict; throws if it is not a valid one. */
  readonly checked: (said: unknown) => Verdict;
}

/** The authorizers of an application, and which of them decide about which request. */
export class AuthorizerGates {
  readonly #gates: readonly Gate[];
  readonly #mount: string;
  /** Whether each of them decides about every path. */
  readonly #coverAll: boolean;
  /** All variables that the authorizers declare to pass on. */
  readonly variables: ReadonlySet<string>;

  /** @throws ConfigurationError `ERR_VARIABLE_NAME` for a declared variable that `allow()` would refuse */
  constructor(definitions: readonly AuthorizerDefinition[], mount: string) {
    this.#mount = mount;
    this.#gates = definitions.map(compileGate);
    this.#coverAll = definitions.every(({ paths }) => paths.length === 0);
    this.variables = new Set(definitions.flatMap(({ variables = [] }) => variables));
  }

  /** How many there are. */
  get count(): number {
    return this.#gates.length;
  }

  /**
   * The authorizers that decide about a request in the authorizer role, by its path and by that of its document, if the Web
   * server names one. At least one must be declared for each reading of the path; otherwise none decides, which is a
   * denial. Authorizers that cover another reading decide too: no spelling of a path avoids the strictest one.
   */
  asked(params: Params): readonly Gate[] {
    const uri = targetOf(params);
    const targets = uri === "" ? [] : protectedPaths(uri, this.#mount);
    const documents = documentPaths(params, this.#mount);
    if (targets === undefined || documents === undefined) return [];
    // The path is unknown, so every authorizer must allow the request.
    if (targets.length === 0 && documents.length === 0) return this.#gates;
    if (this.#coverAll) return this.#gates;
    const isDeclared = (path: string): boolean =>
      this.#gates.some(({ isFor }) => [path, ...documents].some(isFor));
    if (!(targets.length > 0 ? targets : documents).every(isDeclared)) return [];
    return this.covering([...targets, ...documents]);
  }

  /**
   * The authorizers that must allow a request that this process answers: all that are declared for any reading of its path.
   *
   * @returns undefined if the path cannot be understood
   */
  guarding(params: Params): readonly Gate[] | undefined {
    if (this.#gates.length === 0) return this.#gates;
    const located = locate(params, { mount: this.#mount, pathInfo: params.get("PATH_INFO") });
    const targets = protectedPaths(located.target, this.#mount);
    const documents = documentPaths(params, this.#mount);
    const routed = routedPaths(located);
    return targets && documents && routed && this.covering([...targets, ...documents, ...routed]);
  }

  /**
   * The authorizers that were declared for the path that routes are found by, but not for the path that a Web server asks
   * about. The two differ if PATH_INFO names a mount that was not declared: section 6.3 keeps PATH_INFO from authorizers.
   */
  unaskable(params: Params): readonly Gate[] {
    if (this.#gates.length === 0 || this.#mount !== "") return [];
    const pathInfo = params.get("PATH_INFO") ?? "";
    if (pathInfo === "") return [];
    const located = locate(params, { mount: this.#mount, pathInfo });
    if (located.mount === "") return [];
    // The Web server asks by patterns of its own: only an authorizer that is declared for this path was surely asked.
    const targets = protectedPaths(located.target, this.#mount) ?? [];
    const wasAsked = ({ isFor }: Gate): boolean =>
      targets.length > 0 && targets.every((path) => path.length <= MAX_PATH_LENGTH && isFor(path));
    return this.covering(routedPaths(located) ?? []).filter((gate) => !wasAsked(gate));
  }

  /** The authorizers that must allow one of these decoded paths below the mount, in any of its readings. */
  covering(paths: readonly string[]): readonly Gate[] {
    return this.#gates.filter(({ covers }) => paths.some(covers));
  }
}

/** The decoded paths by which a responder or a file is found; undefined if the path cannot be understood. */
function routedPaths({ kind, path }: RequestLocation): readonly string[] | undefined {
  const resolved = kind === "ambiguous" ? undefined : normalizePath(path);
  return resolved === undefined ? undefined : [resolved, decodeSegments(path)];
}

function compileGate(definition: AuthorizerDefinition): Gate {
  const { name, variables, authorize } = definition;
  if (variables !== undefined) checkDeclared(name, variables);
  const checked = (said: unknown): Verdict => {
    if (Deny.is(said)) return said;
    if (!Allow.is(said)) {
      throw new TypeError(`Cannot authorize: ${name} returned neither allow(…) nor deny(…)`);
    }
    if (variables === undefined) return said;
    for (const variable of said.variables.keys()) {
      if (variables.includes(variable)) continue;
      throw new HeaderError(
        `Cannot allow with variable ${variable}: ${name} does not declare it; add it to its variables`,
      );
    }
    return said;
  };
  return { name, variables: variables ?? [], ...coverage(globsOf(definition)), authorize, checked };
}

function checkDeclared(name: string, variables: readonly string[]): void {
  if (!Array.isArray(variables)) {
    throw new ConfigurationError("ERR_VARIABLE_NAME", `Cannot compile ${name}: its variables are not a list`);
  }
  for (const variable of variables as readonly unknown[]) {
    const fault = typeof variable === "string" ? faultOfVariable(variable) : "name";
    if (fault === undefined) continue;
    const fact = fault === "name" ? "which is not a variable name" : "which the Web server sets";
    throw new ConfigurationError(
      "ERR_VARIABLE_NAME",
      `Cannot compile ${name}: its variables include ${JSON.stringify(variable)}, ${fact}`,
    );
  }
}

/** Without globs an authorizer decides about every path. */
function coverage(globs: readonly string[]): Pick<Gate, "isFor" | "covers"> {
  if (globs.length === 0) return { isFor: () => true, covers: () => true };
  const exact = globs.map(compileGlob);
  const anyReading = globs.map(compileProtection);
  return {
    isFor: (path) => exact.some((matches) => matches(path)),
    covers: (path) => anyReading.some((matches) => matches(path)),
  };
}
