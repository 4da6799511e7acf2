import type { IncomingMessage, ServerResponse } from "node:http";

import { isEqual, isSameOrigin, refusalOf } from "./access.js";
import type { Conversation } from "./conversation.js";
import type { LiveEvents } from "./live-events.js";
import { isLoaded, readLoaded, readPage, type PageFile } from "./page-files.js";
import { recordDetail } from "./record-detail.js";
import type { Recording } from "./recording.js";
import { replay } from "./replay.js";
import { recordedBody } from "./replay-source.js";
import { contentFor, requestDetail } from "./request-detail.js";
import type { SecretNames } from "./secret-spans.js";
import type { RecordDetail } from "./views.js";

/** The path of the inspector, and the prefix of its files. */
const PATH = "/__tricorn";

/**
 * Everything comes from this origin, no script is inline, nothing frames the page, and strings do not become HTML. Texts of requests
 * are shown with `textContent`; this is the second line.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** Fields of every response. */
const FIELDS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** The field with the token in requests that change something. */
const TOKEN_FIELD = "x-tricorn-token";

/** What the door shows, and to whom. */
export interface InspectorDoorSource {
  readonly recording: Recording;
  readonly events: LiveEvents;
  readonly names: SecretNames;
  /** Names of secrets that the application declares. */
  readonly declared: readonly string[];
  /** Known only to the page: required for requests that change something. */
  readonly token: string;
  /** Decides who may see the inspector; by default, this machine. */
  readonly admits: ((request: IncomingMessage) => boolean) | undefined;
}

/** Answers `/__tricorn` and everything below it. */
export class InspectorDoor {
  readonly #source: InspectorDoorSource;

  constructor(source: InspectorDoorSource) {
    this.#source = source;
  }

  /** Answers the request if it is for the inspector. Returns whether it is. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = "" } = request;
    if (!url.startsWith(PATH) || !/^(?:$|[/?])/.test(url.slice(PATH.length))) return false;
    response.on("error", ignore);
    const mark = url.indexOf("?");
    const path = url.slice(PATH.length, mark < 0 ? undefined : mark);
    this.#answer(request, response, path).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendText(response, 500, error instanceof Error ? error.message : String(error));
    });
    return true;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    // Its body is of no use; unread, it would keep the connection.
    request.resume();
    const { admits } = this.#source;
    const refusal =
      admits === undefined ? refusalOf(request) : admits(request) ? undefined : "it is not admitted";
    if (refusal !== undefined) {
      sendText(response, 403, `The inspector is not for this request: ${refusal}.`);
      return;
    }
    switch (request.method) {
      case "GET":
        await this.#show(path, response);
        return;
      case "POST":
      case "DELETE":
        if (isSameOrigin(request) && this.#hasToken(request)) await this.#change(request, response, path);
        else sendText(response, 403, "Only the page of the inspector may do this.");
        return;
      default:
        sendText(response, 405, "Only GET, POST and DELETE are allowed.");
    }
  }

  async #show(path: string, response: ServerResponse): Promise<void> {
    const { recording, events, token } = this.#source;
    if (path === "" || path === "/") {
      sendFile(response, await readPage(token));
      return;
    }
    if (isLoaded(path.slice(1))) {
      sendFile(response, await readLoaded(path.slice(1)));
      return;
    }
    if (path === "/events") {
      if (events.full) {
        sendText(response, 503, "Too many pages of the inspector are open.");
        return;
      }
      response.writeHead(200, { ...FIELDS, "Content-Type": "text/event-stream" });
      events.open(response);
      return;
    }
    const [, kind, first, second, rest] = path.split("/");
    const number = Number(first);
    if (kind === "requests" && second === undefined) {
      const exchange = recording.exchange(number);
      if (exchange !== undefined) {
        sendJson(response, 200, requestDetail(exchange, { ...this.#source, exchanges: recording.exchanges }));
        return;
      }
    }
    if (kind === "records" && second !== undefined && rest === undefined) {
      const record = this.#record(number, Number(second));
      if (record !== undefined) {
        sendJson(response, 200, record);
        return;
      }
    }
    sendText(response, 404, "Not kept any more, or never there.");
  }

  /** A record by the number of its conversation and its position in it. */
  #record(number: number, index: number): RecordDetail | undefined {
    for (const { questions, time: begin } of this.#source.recording.exchanges) {
      for (const { conversations, role } of questions) {
        for (const conversation of conversations) {
          if (conversation.number === number) return this.#detail(conversation, { role, index, begin });
          const { management } = conversation.connection;
          if (management.number === number)
            return this.#detail(management, { role: undefined, index, begin });
        }
      }
    }
    return undefined;
  }

  #detail(
    conversation: Conversation,
    {
      role,
      index,
      begin,
    }: { readonly role: number | undefined; readonly index: number; readonly begin: number },
  ): RecordDetail | undefined {
    const record = conversation.records[index];
    if (record === undefined) return undefined;
    const content = contentFor(conversation, { role, source: this.#source });
    return recordDetail(record, { content, index, begin });
  }

  async #change(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { recording } = this.#source;
    if (request.method === "DELETE" && path === "/requests") {
      recording.clear();
      response.writeHead(204, FIELDS).end();
      return;
    }
    const number = /^\/requests\/(\d{1,15})\/replay$/.exec(path)?.[1];
    const exchange = recording.exchange(Number(number));
    if (request.method !== "POST" || exchange === undefined) {
      sendText(response, 404, "Not kept any more, or never there.");
      return;
    }
    const body = recordedBody(exchange);
    if (body.kind === "missing") {
      sendText(response, 409, `It cannot be sent again: ${body.reason}.`);
      return;
    }
    const { localAddress: address = "127.0.0.1", localPort: port = 0 } = request.socket;
    const again = await replay(exchange, { recording, body, address, port });
    sendJson(response, 200, { number: again });
  }

  #hasToken({ headers }: IncomingMessage): boolean {
    const token = headers[TOKEN_FIELD];
    return typeof token === "string" && isEqual(token, this.#source.token);
  }
}

function sendFile(response: ServerResponse, { type, content }: PageFile): void {
  send(response, 200, { type, content });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, { type: "application/json", content: JSON.stringify(value) });
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, { type: "text/plain; charset=utf-8", content: `${text}\n` });
}

function send(response: ServerResponse, status: number, { type, content }: PageFile): void {
  const length = Buffer.byteLength(content);
  response.writeHead(status, { ...FIELDS, "Content-Type": type, "Content-Length": length });
  response.end(content);
}

function ignore(): void {}
