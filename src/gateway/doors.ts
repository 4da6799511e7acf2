import { authorize } from "./authorization.js";
import { sendAnswer } from "./answer.js";
import type { Asking } from "./ask.js";
import { commonParams } from "./cgi-params.js";
import type { DocumentRoot, Located } from "../files/document-root.js";
import { filter, FILTER_METHODS } from "./filter-door.js";
import type { HttpExchange } from "./http-exchange.js";
import { answerPlainly } from "./plain-answer.js";
import { respond } from "./responder-door.js";
import type { RouteTable } from "./route-table.js";
import { sendStaticFile, STATIC_METHODS } from "./static-files.js";

/** What {@link Doors} lead to. */
export interface DoorsOptions {
  readonly asking: Asking;
  readonly root: DocumentRoot;
  readonly routes: RouteTable;
  readonly mount: string;
  /** Milliseconds. */
  readonly authorizerTimeout: number;
}

/** A request that may be answered. */
interface Admission {
  readonly located: Located;
  /** Whether an authorizer had to allow it. */
  readonly protected: boolean;
  /** The variables that the authorizer gave. */
  readonly variables: ReadonlyMap<string, string>;
}

const NO_VARIABLES: ReadonlyMap<string, string> = new Map();

/** Leads each request through the one door that is its own: first past the authorizer, then filter, responder, file. */
export class Doors {
  readonly #options: DoorsOptions;

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /** Answers a request. Throws where that failed; what the client has got until then, if anything, is incomplete. */
  async enter(exchange: HttpExchange): Promise<void> {
    const admission = await this.#admit(exchange);
    if (admission === undefined) return;
    const { located } = admission;
    const filterName = this.#filterName(located);
    if (filterName !== undefined && located.kind === "file") {
      await this.#filter(exchange, { ...admission, located, name: filterName });
    } else if (this.#options.routes.responds(exchange.path.path)) {
      const { asking, mount, root } = this.#options;
      const documentUri = documentUriOf(exchange, located);
      const params = this.#params(exchange, { documentUri, variables: admission.variables });
      await respond(asking, exchange, { params, mount, documentRoot: root.path });
    } else {
      await this.#sendFile(exchange, admission);
    }
  }

  /** Asks the authorizer where one is needed; undefined when the client has got its denial. */
  async #admit(exchange: HttpExchange): Promise<Admission | undefined> {
    const { asking, root, routes, authorizerTimeout } = this.#options;
    const { path } = exchange.path;
    const located = await root.locate(path);
    // A file is protected under each of its names: that of the folder whose index it is, and that behind a link.
    const names = located.kind === "file" ? [located.name, path, located.realName] : [path];
    const protectedName = names.find((name) => routes.protects(name));
    if (protectedName === undefined) return { located, protected: false, variables: NO_VARIABLES };
    const authorization = await authorize(asking, {
      params: this.#params(exchange, { documentUri: protectedName, variables: NO_VARIABLES }),
      timeout: authorizerTimeout,
      signal: exchange.signal,
    });
    if (authorization.kind === "allowed")
      return { located, protected: true, variables: authorization.variables };
    await sendAnswer(exchange, authorization.answer);
    return undefined;
  }

  /** The name of a file by which a filter covers it: the requested one, else that behind a link. */
  #filterName(located: Located): string | undefined {
    if (located.kind !== "file") return undefined;
    return [located.name, located.realName].find((name) => this.#options.routes.filters(name));
  }

  async #filter(
    exchange: HttpExchange,
    {
      located,
      name,
      variables,
    }: Admission & { readonly located: Located & { kind: "file" }; readonly name: string },
  ): Promise<void> {
    const { asking, root } = this.#options;
    if (!FILTER_METHODS.includes(exchange.method)) {
      answerMethodNotAllowed(exchange, FILTER_METHODS);
      return;
    }
    const file = await root.openFile(located);
    if ("kind" in file) {
      answerPlainly(exchange.response, file.kind === "missing" ? 404 : 403);
      return;
    }
    const params = this.#params(exchange, { documentUri: name, variables });
    await filter(asking, exchange, { params, name, realPath: located.realPath, file });
  }

  async #sendFile(exchange: HttpExchange, { located, protected: isProtected }: Admission): Promise<void> {
    const { response, path } = exchange;
    if (!STATIC_METHODS.includes(exchange.method)) {
      answerMethodNotAllowed(exchange, STATIC_METHODS);
      return;
    }
    switch (located.kind) {
      case "file":
        await sendStaticFile(exchange, { root: this.#options.root, file: located, protected: isProtected });
        return;
      case "folder":
        answerPlainly(response, 301, {
          headers: { Location: `${path.rawPath}/${path.target.slice(path.rawPath.length)}` },
        });
        return;
      case "missing":
        answerPlainly(response, 404);
        return;
      case "forbidden":
        answerPlainly(response, 403);
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

function documentUriOf({ path }: HttpExchange, located: Located): string {
  return located.kind === "file" ? located.name : path.path;
}

function answerMethodNotAllowed({ response }: HttpExchange, methods: readonly string[]): void {
  answerPlainly(response, 405, { headers: { Allow: methods.join(", ") } });
}
