import { askAuthorizer } from "./ask-authorizer.js";
import { sendResponse } from "./application-response.js";
import type { ApplicationAccess } from "./ask-application.js";
import { commonParams } from "./cgi-params.js";
import type { DocumentRoot, Located } from "../files/document-root.js";
import { askFilter, FILTER_METHODS } from "./ask-filter.js";
import type { HttpExchange } from "./http-exchange.js";
import { respondMethodNotAllowed, respondWithStatus } from "./status-response.js";
import { askResponder } from "./ask-responder.js";
import { askScript } from "./ask-script.js";
import type { RouteTable } from "./route-table.js";
import { isSource, type Script, type Scripts } from "./scripts.js";
import { sendStaticFile, STATIC_METHODS } from "./static-files.js";

/** Options of {@link GatewayDispatcher}. */
export interface GatewayDispatcherOptions {
  readonly application: ApplicationAccess;
  readonly root: DocumentRoot;
  readonly routes: RouteTable;
  readonly mount: string;
  /** The scripts of a PHP application; undefined for other applications. */
  readonly php?: PhpScripts | undefined;
  /** Who answers a path that is neither declared nor a file. */
  readonly unknown: "application" | "gateway";
  /** In milliseconds. */
  readonly authorizerTimeout: number;
}

/** The scripts of a PHP application, and how it runs them. */
export interface PhpScripts {
  readonly scripts: Scripts;
  /** The document root as PHP sees it. */
  readonly documentRoot: string;
  readonly collectedBytes: number;
}

/** A request that may proceed. */
interface Admission {
  readonly located: Located;
  readonly script: Script | undefined;
  /** Whether an authorizer allowed it. */
  readonly protected: boolean;
  /** The authorizer's variables. */
  readonly variables: ReadonlyMap<string, string>;
}

const NO_VARIABLES: ReadonlyMap<string, string> = new Map();

/** Handles each request in one order: authorizer, then the first that matches of script, filter, responder and static file. */
export class GatewayDispatcher {
  readonly #options: GatewayDispatcherOptions;

  constructor(options: GatewayDispatcherOptions) {
    this.#options = options;
  }

  /** Responds to a request. If it throws, the response is missing or incomplete. */
  async dispatch(exchange: HttpExchange): Promise<void> {
    const admission = await this.#admit(exchange);
    if (admission === undefined) return;
    const { located } = admission;
    const filterName = this.#filterName(located);
    if (admission.script !== undefined) {
      await this.#runScript(exchange, admission.script, admission.variables);
    } else if (filterName !== undefined && located.kind === "file") {
      await this.#filter(exchange, { ...admission, located, name: filterName });
    } else if (this.#responds(exchange, located)) {
      const { application, mount, root } = this.#options;
      const documentUri = documentUriOf(exchange, located);
      const params = this.#params(exchange, { documentUri, variables: admission.variables });
      await askResponder(application, exchange, { params, mount, documentRoot: root.path });
    } else {
      await this.#sendFile(exchange, admission);
    }
  }

  /** Asks the authorizers if the path is protected. Returns undefined after a denial was sent. */
  async #admit(exchange: HttpExchange): Promise<Admission | undefined> {
    const { application, root, routes, php, authorizerTimeout } = this.#options;
    const { path } = exchange.path;
    const located = await root.locate(path);
    const script = await php?.scripts.find(path, located);
    let variables = NO_VARIABLES;
    const names = [path, ...otherNames(path, located), ...(script ? scriptNames(path, script) : [])];
    const protectedNames = new Set(names.filter((name) => routes.protects(name)));
    // Each question has the requested path in REQUEST_URI. It needs one of its own only if no other name is protected.
    if (protectedNames.size > 1) protectedNames.delete(path);
    for (const documentUri of protectedNames) {
      const authorization = await askAuthorizer(application, {
        params: this.#params(exchange, { documentUri, variables: NO_VARIABLES }),
        timeout: authorizerTimeout,
        signal: exchange.signal,
        observer: exchange.observer,
      });
      if (authorization.kind === "denied") {
        await sendResponse(exchange, authorization.response);
        return undefined;
      }
      variables = new Map([...variables, ...authorization.variables]);
    }
    return { located, script, protected: protectedNames.size > 0, variables };
  }

  async #runScript(
    exchange: HttpExchange,
    script: Script,
    variables: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { application, php } = this.#options;
    const { documentRoot, collectedBytes } = php!;
    const params = this.#params(exchange, { documentUri: script.name + script.pathInfo, variables });
    params.set("DOCUMENT_ROOT", documentRoot);
    await askScript(application, exchange, { params, script, documentRoot, collectedBytes });
  }

  /** The name of a file that a filter covers: the requested one, or the target of the link. */
  #filterName(located: Located): string | undefined {
    if (located.kind !== "file") return undefined;
    return [located.name, located.realName].find((name) => this.#options.routes.filters(name));
  }

  #responds({ path: { path } }: HttpExchange, { kind }: Located): boolean {
    const { routes, unknown } = this.#options;
    return routes.responds(path) || (kind === "missing" && unknown === "application");
  }

  async #filter(
    exchange: HttpExchange,
    {
      located,
      name,
      variables,
    }: Admission & { readonly located: Located & { kind: "file" }; readonly name: string },
  ): Promise<void> {
    const { application, root } = this.#options;
    if (!FILTER_METHODS.includes(exchange.method)) {
      respondMethodNotAllowed(exchange.response, FILTER_METHODS);
      return;
    }
    const file = await root.openFile(located);
    if ("kind" in file) {
      respondWithStatus(exchange.response, file.kind === "missing" ? 404 : 403);
      return;
    }
    const params = this.#params(exchange, { documentUri: name, variables });
    await askFilter(application, exchange, { params, name, realPath: located.realPath, file });
  }

  async #sendFile(exchange: HttpExchange, { located, protected: isProtected }: Admission): Promise<void> {
    const { response, path } = exchange;
    if (!STATIC_METHODS.includes(exchange.method)) {
      respondMethodNotAllowed(exchange.response, STATIC_METHODS);
      return;
    }
    switch (located.kind) {
      case "file":
        if (this.#options.php !== undefined && (isSource(located.name) || isSource(located.realName))) {
          respondWithStatus(response, 404);
          return;
        }
        await sendStaticFile(exchange, { root: this.#options.root, file: located, protected: isProtected });
        return;
      case "folder":
        respondWithStatus(response, 301, {
          headers: { Location: `${path.rawPath}/${path.target.slice(path.rawPath.length)}` },
        });
        return;
      case "missing":
        respondWithStatus(response, 404);
        return;
      case "forbidden":
        respondWithStatus(response, 403);
    }
  }

  #params(
    exchange: HttpExchange,
    {
      documentUri,
      variables,
    }: { readonly documentUri: string; readonly variables: ReadonlyMap<string, string> },
  ): Map<string, string> {
    const params = commonParams(exchange, { documentRoot: this.#options.root.path, documentUri });
    for (const [name, value] of variables) params.set(name, value);
    return params;
  }
}

/** A file is protected under each of its names: as the index of a folder, as the target of a link, as the script of a path. */
function otherNames(path: string, file: Located | Script): readonly string[] {
  return "name" in file ? [file.name, file.realName].filter((name) => name !== path) : [];
}

/**
 * The names of a script, and the path that it may route by: to a front controller, `/index.php/admin` is `/admin`, so that the
 * authorizer of `/admin` must allow both.
 */
function scriptNames(path: string, script: Script): readonly string[] {
  const { name, pathInfo } = script;
  const routed = pathInfo === "" ? [] : [name.slice(0, name.lastIndexOf("/")) + pathInfo];
  return [...otherNames(path, script), ...routed];
}

function documentUriOf({ path }: HttpExchange, located: Located): string {
  return located.kind === "file" ? located.name : path.path;
}
