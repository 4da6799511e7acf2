import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { HOST_FIELD } from "./contract.js";
import {
  UPLOAD_TIME,
  requestKinds,
  type Judgement,
  type KindName,
  type RequestKind,
} from "./request-kinds.js";

/** A request of the load, and what became of it. Times are those of `performance.now()`. */
export interface Sample {
  readonly kind: KindName;
  /** When it was due. */
  readonly due: number;
  readonly begun: number;
  readonly ended: number;
  readonly judgement: Judgement;
  /** What the answer says of the host that gave it. */
  readonly host?: string | undefined;
  /** Its session; undefined if it has none. */
  readonly session?: string | undefined;
}

/** Who asks. */
export interface Clients {
  /** The session of a request. */
  sessionOf(request: number): string | undefined;
  /** Header fields of a request. */
  fieldsOf(request: number): Readonly<Record<string, string>>;
  /** The head of an answer has come. */
  answered(request: number, head: IncomingMessage): void;
}

/** Each request by a client of its own. */
const STRANGERS: Clients = { sessionOf: () => undefined, fieldsOf: () => ({}), answered: () => undefined };

/** How long a client waits for the end of an answer; ms. */
const PATIENCE = 45_000;
/** Bodies are sent in this many pieces. */
const PIECES = 4;

/** What the errors of the client's own socket mean. */
const REASONS: Readonly<Record<string, string>> = { ECONNREFUSED: "refused", ECONNRESET: "reset" };

let requests = 0;

/** An HTTP client. Each request has a connection of its own: a Web server may close a kept one while the next request is on its way. */
export class Asker {
  readonly #url: string;
  readonly #clients: Clients;
  readonly #agent = new Agent({ keepAlive: false, maxSockets: Infinity });

  /** @param url of the Web server, without a slash at the end */
  constructor(url: string, clients = STRANGERS) {
    this.#url = url;
    this.#clients = clients;
  }

  /** Sends one request and judges its answer; never rejects. */
  async ask(kind: KindName, due = performance.now()): Promise<Sample> {
    const begun = performance.now();
    const request = (requests += 1);
    const { judgement, host } = await this.#ask(requestKinds[kind], request);
    const session = this.#clients.sessionOf(request);
    return { kind, due, begun, ended: performance.now(), judgement, host, session };
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(kind: RequestKind, number: number): Promise<Pick<Sample, "judgement" | "host">> {
    const id = `r${number}`;
    const clients = this.#clients;
    const body = kind.body?.(id);
    let host: string | undefined;
    return new Promise((resolve) => {
      const outgoing = request(`${this.#url}${kind.target(id)}`, {
        agent: this.#agent,
        method: kind.method,
        headers: {
          ...clients.fieldsOf(number),
          ...kind.headers,
          ...(body !== undefined && { "content-length": body.length }),
        },
      });
      const fail = (why: string): void => {
        clearTimeout(patience);
        resolve({ judgement: { isGood: false, why }, host });
        outgoing.destroy();
      };
      const patience = setTimeout(() => fail("timeout"), PATIENCE);
      outgoing.on("error", ({ code = "error" }: NodeJS.ErrnoException) => fail(REASONS[code] ?? code));
      outgoing.on("response", (response) => {
        clients.answered(number, response);
        host = response.headers[HOST_FIELD]?.toString();
        readText(response).then(
          (text) => {
            clearTimeout(patience);
            resolve({ judgement: kind.judge({ status: response.statusCode!, text }, id), host });
          },
          () => fail("truncated"),
        );
      });
      if (body === undefined) outgoing.end();
      else void send(body, outgoing);
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const piece of response) text += piece as string;
  if (!response.complete) throw new Error("the answer is incomplete");
  return text;
}

/** Sends a body as a client does whose network is slow. */
async function send(body: Buffer, outgoing: ReturnType<typeof request>): Promise<void> {
  const size = Math.ceil(body.length / PIECES);
  for (let at = 0; at < body.length && !outgoing.destroyed; at += size) {
    if (at > 0) await delay(UPLOAD_TIME / (PIECES - 1));
    outgoing.write(body.subarray(at, at + size));
  }
  outgoing.end();
}
