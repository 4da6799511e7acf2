import type { IncomingMessage, ServerResponse } from "node:http";

import { discard } from "../gateway/application-response.js";
import type { ApplicationResponse } from "../gateway/response.js";
import type { OpenExchange, ResponseEditor } from "../gateway/response-editor.js";
import { failureStatus } from "../gateway/status-response.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import { failurePage, failureText, wantsPage, type OwnPage } from "./failure-page.js";
import type { FrontPages, Visit } from "./front.js";
import { withReload } from "./html-injection.js";
import { HtmlStream } from "./html-stream.js";
import type { RequestFailures } from "./request-failures.js";
import { shownRequestFailure, shownStartFailure, type ShownFailure } from "./shown-failure.js";

/** Options of {@link Pages}. */
export interface PagesOptions {
  /** Whether pages reload themselves after a change. */
  readonly reloads: boolean;
  readonly failures: RequestFailures;
  /** Whether the program that has a request is being replaced. */
  readonly isReplaced: () => boolean;
}

/** What a development server sends instead of, or in addition to, what the program sends. */
export class Pages implements ResponseEditor, FrontPages {
  readonly #options: PagesOptions;
  readonly #streams = new WeakMap<ServerResponse, HtmlStream>();

  constructor(options: PagesOptions) {
    this.#options = options;
  }

  /** A failure becomes a page that explains it, if the client shows pages; another page gets the script that reloads it. */
  async edit({ request, response }: OpenExchange, given: ApplicationResponse): Promise<ApplicationResponse> {
    const { reloads, failures } = this.#options;
    if (given.status >= 500 && wantsPage(request)) {
      const report = await failures.take(request);
      if (report !== undefined) {
        await discard(given.body).catch(() => {});
        const page = failurePage(shownRequestFailure(report), { status: given.status, reloads });
        return { ...page, statusText: "", headers: Object.entries(page.headers), body: bytesOf(page.body) };
      }
    }
    const edited = reloads ? withReload(request, given) : given;
    if (edited.body instanceof HtmlStream) this.#streams.set(response, edited.body);
    return edited;
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
          `${method} ${path.path} has no answer`,
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
    const failure = plainFailure(`${method} ${url.split("?", 1)[0]} has no answer`, fact);
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

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
