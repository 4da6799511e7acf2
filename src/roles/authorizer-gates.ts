import { ConfigurationError } from "../errors.js";
import { compileGlob, compileProtection, MAX_PATH_LENGTH, type PathMatcher } from "../paths/path-glob.js";
import type { Params } from "../protocol/params.js";
import type { AuthorizerDefinition } from "./definitions.js";
import { HeaderError } from "../http/header-fields.js";
import { documentPaths, locate, protectedPaths, type RequestLocation } from "../paths/location.js";
import { decodeSegments, normalizePath } from "../paths/plain-path.js";
import { targetOf } from "../paths/request-target.js";
import { Allow, Deny, faultOfVariable, type Verdict } from "./verdict.js";
import type { AuthorizerRequest } from "./authorizer-request.js";

/** One authorizer, and the paths that it decides about. */
export interface Gate {
  readonly name: string;
  /** The variables that it declares to hand on; none where it does not say. */
  readonly variables: readonly string[];
  /** Whether it was declared for a decoded path, to the letter. */
  readonly isFor: PathMatcher;
  /** Whether it must allow a decoded path: it was declared for one of its readings. */
  readonly covers: PathMatcher;
  /** Says something about a request, which counts only when it is {@link checked}. */
  readonly authorize: (request: AuthorizerRequest) => unknown;
  /** What it said, as a decision; throws where that is none that counts. */
  readonly checked: (said: unknown) => Verdict;
}

/** The authorizers of an application, and which of them decide about which request. */
export class AuthorizerGates {
  readonly #gates: readonly Gate[];
  readonly #mount: string;
  /** Whether each of them decides about every path. */
  readonly #coverAll: boolean;
  /** The names that were declared as what authorizers may hand on. */
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
   * Who decides about a request of which the Web server asks, by its path and by that of the document that the server
   * found for it, where it tells. Somebody must be declared for exactly such a path, in each way in which it can be
   * understood; else nobody decides, and that is a denial. Beside them those count too who cover another reading of it: the
   * strictest authorizer must not be passed by.
   */
  asked(params: Params): readonly Gate[] {
    const uri = targetOf(params);
    const targets = uri === "" ? [] : protectedPaths(uri, this.#mount);
    const documents = documentPaths(params, this.#mount);
    if (targets === undefined || documents === undefined) return [];
    // Nobody knows what is asked for, so all have to allow it.
    if (targets.length === 0 && documents.length === 0) return this.#gates;
    if (this.#coverAll) return this.#gates;
    const isDeclared = (path: string): boolean =>
      this.#gates.some(({ isFor }) => [path, ...documents].some(isFor));
    if (!(targets.length > 0 ? targets : documents).every(isDeclared)) return [];
    return this.covering([...targets, ...documents]);
  }

  /**
   * Who has to allow a request that is answered here: nobody where no authorizer was declared for it in any way in which
   * whoever answers could read its path.
   *
   * @returns undefined where the path is not to be understood, so that it cannot be told
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
    // The Web server asks by patterns of its own: only who was declared for this path was surely asked.
    const targets = protectedPaths(located.target, this.#mount) ?? [];
    const wasAsked = ({ isFor }: Gate): boolean =>
      targets.length > 0 && targets.every((path) => path.length <= MAX_PATH_LENGTH && isFor(path));
    return this.covering(routedPaths(located) ?? []).filter((gate) => !wasAsked(gate));
  }

  /** Who must allow one of these decoded paths below the mount, in any of its readings. */
  covering(paths: readonly string[]): readonly Gate[] {
    return this.#gates.filter(({ covers }) => paths.some(covers));
  }
}

/** The decoded paths that a responder or a file is found by; undefined where the path is not to be understood. */
function routedPaths({ kind, path }: RequestLocation): readonly string[] | undefined {
  const resolved = kind === "ambiguous" ? undefined : normalizePath(path);
  return resolved === undefined ? undefined : [resolved, decodeSegments(path)];
}

function compileGate({ name, paths, variables, authorize }: AuthorizerDefinition): Gate {
  if (variables !== undefined) checkDeclared(name, variables);
  const checked = (said: unknown): Verdict => {
    if (Deny.is(said)) return said;
    if (!Allow.is(said)) {
      throw new TypeError(`Cannot authorize: ${name} returned neither allow(…) nor deny(…)`);
    }
    if (variables === undefined) return said;
    for (const variable of said.variables.keys()) {
      if (variables.includes(variable)) continue;
      throw new HeaderError(`Cannot allow with variable ${variable}: ${name} does not declare it`);
    }
    return said;
  };
  return { name, variables: variables ?? [], ...coverage(paths), authorize, checked };
}

function checkDeclared(name: string, variables: readonly string[]): void {
  if (!Array.isArray(variables)) {
    throw new ConfigurationError("ERR_VARIABLE_NAME", `Cannot compile ${name}: its variables are no list`);
  }
  for (const variable of variables as readonly unknown[]) {
    const fault = typeof variable === "string" ? faultOfVariable(variable) : "name";
    if (fault === undefined) continue;
    const fact = fault === "name" ? "which is no name of letters, digits and _" : "which the Web server sets";
    throw new ConfigurationError(
      "ERR_VARIABLE_NAME",
      `Cannot compile ${name}: its variables have ${JSON.stringify(variable)}, ${fact}`,
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
