import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { Gateway } from "tricorn/gateway";
import { nodeListener, type NodeListener } from "tricorn/adapters";
import { onTestFinished } from "vitest";

import { deferred, serveDefinitions, temporaryFolder } from "../support/served.js";

/** The actions of a listener and its client. */
export interface Scenario {
  /** `note` adds a line to the comparison. */
  readonly listener: (
    request: IncomingMessage,
    response: ServerResponse,
    note: (line: string) => void,
  ) => unknown;
  /** The client's request; defaults to GET. */
  readonly sends?: string;
  /** When the client leaves: once the listener has begun, or once the first part of its answer has arrived. */
  readonly leaves?: "begun" | "answered";
}

/** The events of each object in order, and the states at each event. */
export interface Seen {
  readonly lines: Record<"request" | "response" | "socket" | "notes", string[]>;
  /** Status, reason phrase and body of the answer. */
  readonly statusLine: string;
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Runs a scenario on node:http itself. */
export async function onNodeHttp(scenario: Scenario): Promise<Seen> {
  return seenBy(scenario, async (listener) => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  });
}

/** Runs it over FastCGI: the gateway, a socket, Tricorn. */
export async function throughGateway(scenario: Scenario): Promise<Seen> {
  return seenBy(scenario, async (listener) => {
    const { address } = await serveDefinitions([nodeListener(listener)], { over: "unix" });
    const gateway = new Gateway({
      application: address,
      root: temporaryFolder(),
      routes: { protect: [], filter: [], respond: ["/"] },
      port: 0,
    });
    onTestFinished(() => gateway.close());
    return Number(new URL((await gateway.listen()).url).port);
  });
}

async function seenBy(scenario: Scenario, serve: (listener: NodeListener) => Promise<number>): Promise<Seen> {
  const lines: Seen["lines"] = { request: [], response: [], socket: [], notes: [] };
  const [began, over] = [deferred(), deferred()];
  const port = await serve((request, response) => {
    const { socket } = request;
    const open = new Set(["request", "response", "socket"]);
    const closed = (what: string): void => {
      open.delete(what);
      // On a connection that is kept a socket closes when its client leaves.
      if (!open.has("response")) client.end();
      if (open.size === 0) over.resolve();
    };
    for (const name of ["aborted", "end", "error", "close"])
      request.on(name, (error?: Error) => {
        lines.request.push(`${name}${codeOf(error)} ${stateOf(request)}`);
        if (name === "close") closed("request");
      });
    for (const name of ["prefinish", "finish", "error", "close"])
      response.on(name, () => {
        lines.response.push(`${name} ${stateOf(response)}`);
        if (name === "close") closed("response");
      });
    for (const name of ["error", "timeout", "close"])
      socket.on(name, () => {
        const broken = `${request.complete} ${request.aborted} ${request.destroyed} ${response.destroyed}`;
        lines.socket.push(name === "close" ? `close ${broken}` : name);
        if (name === "close") closed("socket");
      });
    lines.request.push(`begins ${stateOf(request)}`);
    lines.response.push(`begins ${stateOf(response)}`);
    began.resolve();
    return scenario.listener(request, response, (line) => lines.notes.push(line));
  });
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  const text = answerOf(client);
  client.write(scenario.sends ?? GET);
  await began.promise;
  if (scenario.leaves === "answered") await once(client, "data");
  if (scenario.leaves !== undefined) client.destroy();
  await over.promise;
  client.end();
  const [statusLine = ""] = (await text).split("\r\n");
  return { lines, statusLine };
}

async function answerOf(client: Socket): Promise<string> {
  let text = "";
  client.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  client.on("error", () => {});
  await once(client, "close");
  return text;
}

const states = {
  request: ["complete", "aborted", "destroyed", "readable", "readableEnded", "readableAborted", "closed"],
  response: ["headersSent", "writableEnded", "writableFinished", "finished", "destroyed", "closed"],
} as const;

function stateOf(message: IncomingMessage | ServerResponse): string {
  const names = states["statusMessage" in message && "method" in message ? "request" : "response"];
  const values = message as unknown as Record<string, unknown>;
  const { errored } = message as { errored?: unknown };
  return [...names.filter((name) => values[name] === true), codeOf(errored)].join(" ");
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return `(${(error as { code?: string }).code ?? error.message})`;
}
