import type { IncomingMessage, ServerResponse } from "node:http";

import { discard } from "../gateway/application-response.js";
import type { ApplicationResponse } from "../gateway/response.js";
import type { OpenExchange, ResponseEditor } from "../gateway/response-editor.js";
import { failureStatus } from "../gateway/status-response.js";
import { loggablePath } from "../log/loggable-path.js";
import { NO_RESOURCE } from "../roles/responder.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import { failurePage, failureText, wantsPage } from "./failure-page.js";
import type { FrontPages, Visit } from "./front.js";
import { withReload } from "./html-injection.js";
import { HtmlStream } from "./html-stream.js";
import type { OwnPage } from "./own-page.js";
import type { RequestFailures } from "./request-failures.js";
import type { ProgramRoutes } from "./program-routes.js";
import { routesPage } from "./routes-page.js";
import { shownRequestFailure, shownStartFailure, type ShownFailure } from "./shown-failure.js";

/** The longest body that may be the answer to a path without a route; bytes. */
const LONGEST_PROBLEM = 1024;

/** Options of {@link Pages}. */
export interface PagesOptions {
  /** Whether pages reload themselves after a change. */
  readonly reloads: boolean;
  readonly failures: RequestFailures;
  /** Whether the program that has a request is being replaced. */
  readonly isReplaced: () => boolean;
  /** The routes of the program that serves; undefined before the first one. */
  readonly routes: () => ProgramRoutes | undefined;
}

/** What a development server sends instead of, or in addition to, what the program sends. */
export class Pages implements ResponseEditor, FrontPages {
  readonly #options: PagesOptions;
  readonly #streams = new WeakMap<ServerResponse, HtmlStream>();

  constructor(options: PagesOptions) {
    this.#options = options;
  }

  /**
   * If the client shows pages, a failure becomes one that explains it, and a path without a route one with the routes. Another page
   * gets the script that reloads it.
   */
  async edit(exchange: OpenExchange, given: ApplicationResponse): Promise<ApplicationResponse> {
    const { request, response } = exchange;
    const { reloads, failures } = this.#options;
    if (given.status >= 500 && wantsPage(request)) {
      const report = await failures.take(request);
      if (report !== undefined) {
        await discard(given.body).catch(() => {});
        return responseOf(failurePage(shownRequestFailure(report), { status: given.status, reloads }));
      }
    }
    const unrouted = wantsPage(request) ? await this.#unrouted(exchange, given) : undefined;
    if (unrouted !== undefined) return unrouted;
    const edited = reloads ? withReload(request, given) : given;
    if (edited.body instanceof HtmlStream) this.#streams.set(response, edited.body);
    return edited;
  }

  /** The page with the routes, instead of the answer of the program to a path without one; undefined for other responses. */
  async #unrouted(
    { method, path }: OpenExchange,
    given: ApplicationResponse,
  ): Promise<ApplicationResponse | undefined> {
    const routes = this.#options.routes();
    if (given.status !== 404 || method === "HEAD" || routes === undefined || routes.knows(path.rawPath))
      return undefined;
    if (!isShortProblem(given)) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const piece of given.body) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    // Middleware may answer in its own words.
    if (!isNoResource(body)) return { ...given, body: bytesOf(body) };
    const facts = { status: 404, reloads: this.#options.reloads };
    return responseOf(routesPage({ method, path: loggablePath(path.rawPath), routes: routes.all }, facts));
  }

  failed(exchange: OpenExchange, error: unknown): void {
    const { method, path, request, response } = exchange;
    const isReplaced = this.#options.isReplaced();
    const fact = error instanceof Error ? error.message : String(error);
    this.#send(
      { request, response },
      {
        status: isReplaced ? 503 : failureStatus(error),
        failure: plainFailure(
          `${method} ${loggablePath(path.rawPath)} has no answer`,
          isReplaced ? "The program was replaced before it answered" : fact,
        ),
      },
    );
  }

  /** The program does not run. */
  notRunning(visit: Visit, failure: WorkerFailure): void {
    this.#send(visit, { status: 500, failure: shownStartFailure(failure) });
  }

  unanswered(visit: Visit, fact: string): void {
    const { method = "GET", url = "/" } = visit.request;
    const failure = plainFailure(`${method} ${loggablePath(url)} has no answer`, fact);
    this.#send(visit, { status: 503, failure });
  }

  endStream(response: ServerResponse): void {
    const page = this.#streams.get(response);
    if (page === undefined) response.destroy();
    else page.end();
  }

  #send(
    { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
    { status, failure }: { readonly status: number; readonly failure: ShownFailure },
  ): void {
    const { reloads } = this.#options;
    const page: OwnPage = wantsPage(request)
      ? failurePage(failure, { status, reloads })
      : failureText(failure, { status });
    response.writeHead(page.status, page.headers);
    response.end(request.method === "HEAD" ? undefined : page.body);
  }
}

function plainFailure(title: string, message: string): ShownFailure {
  return { title, message, place: undefined, excerpt: [], details: [], placeAt: -1, params: [] };
}

function responseOf({ status, headers, body }: OwnPage): ApplicationResponse {
  return { status, statusText: "", headers: Object.entries(headers), body: bytesOf(body) };
}

/** Whether a body is a problem of a known length that is not worth streaming. */
function isShortProblem({ headers }: ApplicationResponse): boolean {
  const fields = new Map(Array.from(headers, ([name, value]) => [name.toLowerCase(), value]));
  const length = Number(fields.get("content-length") ?? Infinity);
  return length <= LONGEST_PROBLEM && fields.get("content-type") === "application/problem+json";
}

/** Whether a body is the answer to a path without a route. */
function isNoResource(body: string): boolean {
  try {
    return (JSON.parse(body) as { readonly detail?: unknown } | null)?.detail === NO_RESOURCE;
  } catch {
    return false;
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
