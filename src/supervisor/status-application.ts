import type { Logger } from "pino";

import { Role } from "../protocol/constants.js";
import type { Application, Refusal, RoleInputs } from "../protocol/application-side/application.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { Metrics } from "./metrics.js";
import type { Ping } from "./ping.js";
import { makeStatusPage, type StatusPage } from "./status-page.js";
import { formatStatus, publicStatus, type Status } from "./status.js";

/** How long an answer may take; the master's own limit for its workers is shorter. ms. */
const TIME_LIMIT = 10_000;
const INPUTS: RoleInputs = { stdin: true, data: false };

/** An answer of the page. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly fields?: string;
}

/** What the page shows. Neither may wait for ever for a worker that hangs. */
export interface ShownMaster {
  /** Makes a snapshot. */
  status(): Promise<Status>;
  /** Whether it is to get requests. */
  ping(): Promise<Ping>;
  /** Formats what is known as metrics of Prometheus. */
  metrics(): Promise<Metrics>;
}

/**
 * Answers `/ping`, `/status` and `/metrics` over FastCGI, in the master, as PHP-FPM does: a Web server passes these paths to the
 * listener of this application. `/ping` is 503 if no worker answers, and while it drains. `/status?json` is JSON, and `/status?html` a
 * page that shows it live; `/metrics` is for Prometheus. All show paths of requests, without queries and other params.
 */
export class StatusApplication implements Application {
  readonly #master: ShownMaster;
  readonly #log: Logger;
  /** Made when it is first asked for. */
  #page: StatusPage | undefined;

  constructor(master: ShownMaster, log: Logger) {
    this.#master = master;
    this.#log = log;
  }

  /** Only a responder: it decides about no request, and filters nothing. */
  inputs(role: number): RoleInputs | undefined {
    return role === Role.Responder ? INPUTS : undefined;
  }

  timeLimit(): number {
    return TIME_LIMIT;
  }

  dispatch(exchange: Exchange): void {
    void this.#answer(exchange).catch((error: unknown) => {
      this.#log.error({ err: error }, "Cannot show the status");
      send(exchange, text(500, "500\n"));
    });
  }

  /** Never a success: an authorizer's status decides. */
  refuse(exchange: Exchange, { status, protocolStatus }: Refusal): void {
    if (exchange.started) exchange.breakOff();
    else send(exchange, { ...text(status, `${status}\n`), protocolStatus });
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { params } = exchange;
    const method = params.get("REQUEST_METHOD");
    if (method !== "GET" && method !== "HEAD") {
      send(exchange, { ...text(405, "405\n"), fields: "Allow: GET, HEAD\r\n" });
      return;
    }
    // The Web server may strip a prefix, or not.
    const path = `${params.get("SCRIPT_NAME") ?? ""}${params.get("PATH_INFO") ?? ""}`;
    const answer = await this.#find(path.slice(path.lastIndexOf("/") + 1), params.get("QUERY_STRING") ?? "");
    send(exchange, method === "HEAD" ? { ...answer, isHead: true } : answer);
  }

  async #find(page: string, query: string): Promise<Answer> {
    switch (page) {
      case "ping": {
        const result = await this.#master.ping();
        return text(result === "pong" ? 200 : 503, `${result}\n`);
      }
      case "status": {
        const members = new URLSearchParams(query);
        if (members.has("html")) return showPage((this.#page ??= await makeStatusPage()));
        const status = publicStatus(await this.#master.status());
        return members.has("json")
          ? { status: 200, type: "application/json", body: `${JSON.stringify(status)}\n` }
          : text(200, formatStatus(status));
      }
      case "metrics":
        return { status: 200, ...(await this.#master.metrics()) };
      default:
        return text(404, "there are /ping, /status and /metrics\n");
    }
  }
}

function showPage({ html, policy }: StatusPage): Answer {
  const fields = `Content-Security-Policy: ${policy}\r\nReferrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n`;
  return { status: 200, type: "text/html; charset=utf-8", body: html, fields };
}

function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body };
}

function send(
  exchange: Exchange,
  answer: Answer & { readonly isHead?: boolean; readonly protocolStatus?: Refusal["protocolStatus"] },
): void {
  const { status, type, fields = "", isHead = false, protocolStatus } = answer;
  const body = Buffer.from(answer.body);
  const head =
    `Status: ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n` +
    `Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n${fields}\r\n`;
  const sent = isHead ? Buffer.alloc(0) : body;
  exchange.answer({ head, body: sent, bodyLength: sent.length, protocolStatus });
}
