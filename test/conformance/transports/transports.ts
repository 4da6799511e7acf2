import { mkdirSync, writeFileSync } from "node:fs";
import { IncomingMessage, request as httpRequest } from "node:http";
import { dirname, join } from "node:path";
import { onTestFinished, vi } from "vitest";

import { serve } from "tricorn";
import { FastCgiClient, type ClientResponse } from "tricorn/client";
import { Role } from "tricorn/protocol";
import { Gateway, routesOf } from "tricorn/gateway";
import { TestApplication } from "tricorn/testing";
import { openDispatcher } from "../../../src/bridges/open-dispatcher.js";
import { askScgi, scgiRequest } from "../../support/scgi-peer.js";
import { temporaryFolder } from "../../support/served.js";
import { createEverything } from "./application.js";

/** One request, in words that every transport understands. */
export interface Call {
  readonly role: "responder" | "authorizer" | "filter";
  readonly target: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Of a filter: the file. */
  readonly data?: string | Uint8Array;
  /** Of a filter: announced bytes that do not arrive. */
  readonly missing?: number;
}

/** The result. */
export interface Seen {
  /** 0 if no answer could be read. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly text: string;
  /** Whether the answer ended as it should. */
  readonly whole: boolean;
}

/** A way to the application. */
export type Transport = (call: Call) => Promise<Seen>;

/** The transports, each with a separate application that runs until the test ends. */
export const transports: Readonly<Record<string, () => Promise<Transport>>> = {
  "without a socket": async () => {
    const application = createEverything();
    await application.start();
    const running = new TestApplication({ application, dispatcher: await openDispatcher(application.roles) });
    onTestFinished(() => running.close());
    return (call) => ask(running.client, call);
  },
  "over TCP": async () => served("127.0.0.1:0"),
  "over a unix socket": async () => served(join(temporaryFolder(), "app.sock")),
  // The other two roles by their bridges: SCGI has only one.
  "over SCGI": async () => {
    const root = temporaryFolder();
    const bridges = { filter: { root } };
    const server = await serve(createEverything(), "scgi:127.0.0.1:0", { signals: false, bridges });
    onTestFinished(() => server.close());
    return (call) => {
      if (call.data !== undefined) store(join(root, call.target), call);
      return askByScgi(server.address, call);
    };
  },
  "through the gateway": async () => {
    const application = createEverything();
    const server = await serve(application, join(temporaryFolder(), "app.sock"), { signals: false });
    const root = temporaryFolder();
    const routes = routesOf(application.description);
    const gateway = new Gateway({ application: server.address, root, routes, port: 0 });
    onTestFinished(async () => {
      await gateway.close();
      await server.close();
    });
    const { url } = await gateway.listen();
    return (call) => {
      if (call.data !== undefined) store(join(root, call.target), call);
      return visit(url, call);
    };
  },
};

/** Opens a way, with a silent log. */
export function open(name: string): Promise<Transport> {
  vi.stubEnv("TRICORN_LOG_LEVEL", "silent");
  return transports[name]!();
}

async function served(address: string): Promise<Transport> {
  const server = await serve(createEverything(), address, { signals: false });
  const client = new FastCgiClient({ address: server.address });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  return (call) => ask(client, call);
}

/** Puts the file where the gateway finds it; missing data is removed only after the filter has begun to read. */
function store(path: string, { data = "", missing = 0 }: Call): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat([Buffer.from(data as string), Buffer.alloc(missing)]));
}

const roles = { responder: Role.Responder, authorizer: Role.Authorizer, filter: Role.Filter };

/** The params of a Web server for a request. */
function paramsOf({ target, method = "GET", headers = {}, body }: Call): Record<string, string> {
  const [path = "", query = ""] = target.split("?");
  const params: Record<string, string> = {
    REQUEST_METHOD: method,
    REQUEST_URI: target,
    SCRIPT_NAME: path,
    QUERY_STRING: query,
    SERVER_PROTOCOL: "HTTP/1.1",
  };
  for (const [name, value] of Object.entries(headers)) {
    const variable = name.toUpperCase().replaceAll("-", "_");
    params[variable === "CONTENT_TYPE" ? variable : `HTTP_${variable}`] = value;
  }
  if (body !== undefined) params["CONTENT_LENGTH"] = String(Buffer.byteLength(body));
  return params;
}

/** Speaks as a Web server does. */
async function ask(client: FastCgiClient, call: Call): Promise<Seen> {
  const { role, body, data, missing = 0 } = call;
  const params = paramsOf(call);
  if (data !== undefined) {
    params["FCGI_DATA_LENGTH"] = String(Buffer.byteLength(data) + missing);
    params["FCGI_DATA_LAST_MOD"] = "800000000";
  }
  const stdin = role === "authorizer" ? undefined : body;
  try {
    return await seen(await client.request({ role: roles[role], params, stdin, data }));
  } catch (error) {
    return unanswered(error);
  }
}

/** Speaks as a Web server does that knows SCGI. */
async function askByScgi(address: string, call: Call): Promise<Seen> {
  const { role, target, method = "GET", body = "" } = call;
  const question = { TRICORN_BRIDGE: "forward_auth", TRICORN_URI: target, TRICORN_METHOD: method };
  const params = { ...paramsOf(call), ...(role === "authorizer" && question) };
  const answer = await askScgi(address, scgiRequest(target, { body: Buffer.from(body as string), params }));
  const fields = answer.head.slice(1).map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)] as const;
  });
  return {
    status: Number.isNaN(answer.status) ? 0 : answer.status,
    headers: grouped(fields),
    text: answer.text,
    whole: !answer.isReset,
  };
}

/** No answer at all, because the connection was broken. Any other error fails the test. */
function unanswered(error: unknown): Seen {
  const { code = "" } = error as { code?: string };
  if (!["ERR_CLIENT_CLOSED", "ECONNRESET"].includes(code)) throw error;
  return { status: 0, headers: new Map(), text: "", whole: false };
}

async function seen(answer: ClientResponse): Promise<Seen> {
  const pieces: Uint8Array[] = [];
  let whole = true;
  try {
    for await (const piece of answer.body) pieces.push(piece);
    await answer.ended;
  } catch {
    whole = false;
  }
  const fields = answer.headers.toArray().map(([name, value]) => [name, value] as const);
  return {
    status: answer.status,
    headers: grouped(fields),
    text: Buffer.concat(pieces).toString(),
    whole,
  };
}

/** Speaks as a browser does. */
async function visit(url: string, { target, method = "GET", headers, body }: Call): Promise<Seen> {
  const response = await new Promise<IncomingMessage | Seen>((resolve, reject) => {
    const outgoing = httpRequest(url + target, {
      method,
      agent: false,
      headers: { ...headers, ...(body !== undefined && { "content-length": Buffer.byteLength(body) }) },
    });
    outgoing.on("response", resolve);
    outgoing.on("error", (error) => {
      try {
        resolve(unanswered(error));
      } catch {
        reject(error);
      }
    });
    outgoing.end(body);
  });
  if (!(response instanceof IncomingMessage)) return response;
  const pieces: Buffer[] = [];
  let whole = true;
  try {
    for await (const piece of response) pieces.push(piece as Buffer);
  } catch {
    whole = false;
  }
  const { rawHeaders } = response;
  const fields = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1]!] as const] : [],
  );
  return {
    status: response.statusCode!,
    headers: grouped(fields),
    text: Buffer.concat(pieces).toString(),
    whole,
  };
}

function grouped(fields: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    map.set(key, [...(map.get(key) ?? []), value]);
  }
  return map;
}
