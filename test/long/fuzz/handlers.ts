import { setImmediate as turn } from "node:timers/promises";

import type { AuthorizerRequest } from "../../../src/roles/authorizer-request.js";
import type { Definition, RouteDefinition } from "../../../src/roles/definitions.js";
import { HttpError } from "../../../src/http/http-error.js";
import { reply } from "../../../src/roles/reply.js";
import { allow, deny, redirect, type Verdict } from "../../../src/roles/verdict.js";

/** How a handler behaves when nothing goes wrong with its request. */
export interface Behaviour {
  /** The status of its answer; undefined where it depends on the moment. */
  readonly status?: number;
  /** The body of its answer to the body of a request; undefined where it is not looked at. */
  readonly body?: (sent: Buffer) => Buffer;
  /** Whether a time limit has to strike. */
  readonly hangs?: true;
  /** Whether the answer breaks the connection off, or never ends. */
  readonly breaks?: true;
}

type Handle = RouteDefinition["handle"];

/** Never answers, but does not hold the process up for ever either. */
const hang = (): Promise<never> => new Promise(() => undefined);

const fixed = (text: string): ((sent: Buffer) => Buffer) => {
  const bytes = Buffer.from(text);
  return () => bytes;
};

const LINE = `${"0123456789abcdef".repeat(64)}\n`;

async function* lines(count: number): AsyncGenerator<string> {
  for (let line = 0; line < count; line += 1) {
    if (line % 4 === 0) await turn();
    yield LINE;
  }
}

const big = Buffer.alloc(300_000, "big ");

/** Every kind of responder. */
export const responders: Readonly<Record<string, Behaviour & { readonly handle: Handle }>> = {
  "/hello": { handle: () => "hello", status: 200, body: fixed("hello") },
  "/json": { handle: () => ({ a: 1 }), status: 200, body: fixed('{"a":1}') },
  "/nothing": { handle: () => undefined, status: 204, body: fixed("") },
  "/async": {
    handle: async () => {
      await turn();
      await turn();
      return "async";
    },
    status: 200,
    body: fixed("async"),
  },
  "/echo": { handle: ({ body }) => body.bytes({ bytes: 1 << 20 }), status: 200, body: (sent) => sent },
  "/echo-stream": { handle: ({ body }) => body.stream(), status: 200, body: (sent) => sent },
  "/count": {
    handle: async ({ body }) => {
      let bytes = 0;
      for await (const piece of body.stream()) {
        bytes += piece.length;
        await turn();
      }
      return String(bytes);
    },
    status: 200,
    body: (sent) => Buffer.from(String(sent.length)),
  },
  "/unread": { handle: () => "unread", status: 200, body: fixed("unread") },
  "/peek": {
    // Takes one piece and leaves.
    handle: async ({ body }) => {
      for await (const _piece of body.stream()) break;
      return "peeked";
    },
    status: 200,
    body: fixed("peeked"),
  },
  "/lines": { handle: () => lines(40), status: 200, body: fixed(LINE.repeat(40)) },
  "/pieces": { handle: () => ["a", "", Buffer.from("b")].values(), status: 200, body: fixed("ab") },
  "/big": { handle: () => big, status: 200, body: () => big },
  "/throw": {
    handle: () => {
      throw new Error("thrown");
    },
    status: 500,
  },
  "/reject": { handle: () => Promise.reject(new Error("rejected")), status: 500 },
  "/odd-throw": {
    handle: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      // oxlint-disable-next-line typescript/only-throw-error -- nothing can be asked of it, not even whether it is an Error
      throw proxy;
    },
    status: 500,
  },
  "/error": {
    handle: () => {
      throw new HttpError(418, "No coffee.");
    },
    status: 418,
  },
  "/bad-header": { handle: () => reply("x", { headers: { "X-Bad": "a\r\nStatus: 200" } }), status: 500 },
  "/too-short": { handle: () => reply("x", { headers: { "Content-Length": "5" } }), status: 500 },
  "/circle": {
    handle: () => {
      const circle: Record<string, unknown> = {};
      circle["self"] = circle;
      return circle;
    },
    status: 500,
  },
  "/twice": {
    // Writes an answer of its own, and then returns another one.
    handle: ({ exchange }) => {
      exchange.answer({ head: "Status: 201 Created\r\n\r\n", body: "once", bodyLength: 4 });
      exchange.end();
      exchange.write("late");
      return "twice";
    },
    status: 201,
    body: fixed("once"),
  },
  "/hang": { handle: hang, hangs: true },
  "/hang-listening": {
    handle: ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
    hangs: true,
  },
  "/hang-reading": {
    handle: async ({ body }) => {
      for await (const _piece of body.stream()) await hang();
      return "end";
    },
  },
  "/listen": {
    // Answers in the moment of its abort.
    handle: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve("too late"));
      }),
    hangs: true,
  },
  "/stream-throw": {
    handle: async function* () {
      yield LINE;
      await turn();
      throw new Error("in the middle");
    },
    breaks: true,
  },
  "/finally-throw": {
    handle: async function* () {
      try {
        // Large pieces: the peer leaves after so many bytes, and a turn may take long under load.
        for (;;) {
          yield big;
          await turn();
        }
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- what a broken clean-up does
        throw new Error("in finally");
      }
    },
    breaks: true,
  },
  "/stream-hang": {
    handle: async function* () {
      yield LINE;
      await hang();
    },
    breaks: true,
  },
  "/endless": {
    handle: function* () {
      for (;;) yield LINE;
    },
    breaks: true,
  },
};

/** Every kind of authorizer by the path that it decides about. Only those that `allow` may ever answer 200. */
const authorizers: Readonly<Record<string, (token: () => string, request: AuthorizerRequest) => unknown>> = {
  "/allow": (token) => allow({ TOKEN: token() }),
  "/allow-soon": async (token) => {
    await turn();
    return allow({ TOKEN: token() });
  },
  "/allow-late": async (_token, { exchange }) => {
    // An abort is a denial, whatever the handler makes of it.
    await new Promise<void>((resolve) => exchange.onAbort(() => resolve()));
    return allow({ TOKEN: "late" });
  },
  "/deny": () => deny(401, { headers: { "WWW-Authenticate": "Basic" } }),
  "/redirect": () => redirect("/log-in"),
  "/throw": () => {
    throw new Error("thrown");
  },
  "/reject": () => Promise.reject(new Error("rejected")),
  "/true": () => true,
  "/undefined": () => undefined,
  "/forged": () => ({
    variables: new Map(),
    status: 200,
    __proto__: Object.getPrototypeOf(allow()) as object,
  }),
  "/inject": () => allow({ TOKEN: "x\r\nStatus: 200" }),
  "/hang": hang,
};

/** What the answers of authorizers should be. */
export const verdicts: Readonly<Record<string, Behaviour>> = {
  "/allow": { status: 200 },
  "/allow-soon": { status: 200 },
  "/allow-late": { hangs: true },
  "/deny": { status: 401 },
  "/redirect": { status: 302 },
  "/throw": { status: 500 },
  "/reject": { status: 500 },
  "/true": { status: 500 },
  "/undefined": { status: 500 },
  "/forged": { status: 500 },
  "/inject": { status: 500 },
  "/hang": { hangs: true },
};

/** Every kind of filter. */
export const filters: Readonly<Record<string, Behaviour>> = {
  "/copy": { status: 200, body: (sent) => sent },
  "/upper": { status: 200, body: (sent) => Buffer.from(sent.map((byte) => byte ^ 0x20)) },
  "/ignore": { status: 200, body: fixed("ignored") },
  "/throw": { status: 500 },
  "/hang": { hangs: true },
};

/** What a run hands to its handlers. */
export interface HandlerContext {
  /** Notes that an authorizer allowed and returns what the answer must carry. */
  readonly issueToken: () => string;
}

/** The definitions of an application with all of them. */
export function definitions({ issueToken }: HandlerContext): Definition[] {
  const routes: RouteDefinition[] = Object.entries(responders).flatMap(([path, { handle }]) =>
    ["GET", "POST", "HEAD"].map((method) => ({ method, path, name: `${method} ${path}`, handle })),
  );
  return [
    { kind: "responder", name: "Responders", routes },
    {
      kind: "authorizer",
      name: "Gate",
      paths: [],
      authorize: (request) => {
        const decide = authorizers[request.path] ?? (() => deny());
        return decide(issueToken, request) as Verdict;
      },
    },
    {
      kind: "filter",
      name: "Filters",
      paths: ["**"],
      filter: (request) => {
        switch (request.path) {
          case "/copy":
            return request.data;
          case "/upper":
            return (async function* () {
              for await (const piece of request.data) yield piece.map((byte) => byte ^ 0x20);
            })();
          case "/ignore":
            return "ignored";
          case "/hang":
            return hang();
          default:
            throw new Error("thrown");
        }
      },
    },
    {
      kind: "role",
      number: 7,
      name: "Own",
      inputs: { stdin: true, data: false },
      handle: async (exchange) => {
        for await (const piece of exchange.stdin) exchange.write(piece);
        exchange.end({ applicationStatus: 7 });
      },
    },
  ];
}
