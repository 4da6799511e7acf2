import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { fetchHandler } from "../../src/adapters/fetch-handler.js";
import type { Definition } from "../../src/roles/definitions.js";
import { HttpError } from "../../src/http/http-error.js";
import { allow, redirect } from "../../src/roles/verdict.js";
import { expectDenied, gate } from "../support/gates.js";
import { abort, authorize, filter, get } from "../support/records.js";
import { deferred, responder, serveDefinitions, turns, type LogLine } from "../support/served.js";

type Heeding = (signal: AbortSignal) => unknown;

/** Ways in which a handler fails that heeds its signal. */
const ways: [name: string, heed: Heeding][] = [
  ["the error of a timer", (signal) => wait(60_000, undefined, { signal })],
  [
    "the reason of the signal",
    async (signal) => {
      if (!signal.aborted) await once(signal, "abort");
      signal.throwIfAborted();
    },
  ],
  [
    "an error of a library",
    async (signal) => {
      await wait(60_000, undefined, { signal }).catch((cause: unknown) => {
        throw new TypeError("fetch failed", { cause });
      });
    },
  ],
  [
    "something other than an Error",
    async (signal) => {
      await wait(60_000, undefined, { signal }).catch(() => Promise.reject("gone"));
    },
  ],
];

/** A place for the signal that a handler was given, once it waits. */
function place(heed: Heeding) {
  const waiting = deferred();
  return {
    waiting: waiting.promise,
    handle: (signal: AbortSignal): unknown => {
      waiting.resolve();
      return heed(signal);
    },
  };
}

function expectQuiet(log: readonly LogLine[]): void {
  expect(log.filter(({ level }) => level >= 40)).toEqual([]);
  expect(JSON.stringify(log)).not.toMatch(/\bat |stack/);
}

describe.each(ways)("A handler that gives up with %s", (_way, heed) => {
  type Make = (handle: (signal: AbortSignal) => unknown) => Definition | readonly Definition[];
  const makes: [name: string, make: Make][] = [
    ["a responder", (handle) => responder({ "GET /a.txt": ({ signal }) => handle(signal) })],
    [
      "a responder within middleware",
      (handle) => ({
        kind: "responder",
        name: "Within",
        routes: [
          {
            method: "GET",
            path: "/a.txt",
            name: "Within.a",
            handle: ({ signal }) => handle(signal),
            middleware: [(_request, next) => next()],
          },
        ],
      }),
    ],
    [
      "middleware",
      (handle) => ({
        kind: "responder",
        name: "Around",
        routes: [
          {
            method: "GET",
            path: "/a.txt",
            name: "Around.a",
            handle: () => "never",
            middleware: [async ({ signal }, next) => (await handle(signal), next())],
          },
        ],
      }),
    ],
    [
      "a generator before its first piece",
      (handle) =>
        responder({
          "GET /a.txt": async function* ({ signal }) {
            await handle(signal);
            yield "never";
          },
        }),
    ],
    [
      "a fetch handler",
      (handle) => fetchHandler(async ({ signal }) => (await handle(signal), new Response())),
    ],
  ];

  test.each(makes)("as %s logs no failure, and its half-closed peer gets a 503", async (_what, make) => {
    const { waiting, handle } = place(heed);
    const { connect, log } = await serveDefinitions([make(handle)].flat());
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await waiting;
    peer.end();

    const answer = await peer.answer(1);
    expect([answer.status, answer.stderr, answer.applicationStatus]).toEqual([503, "", 0]);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "ERR_ABORTED_DISCONNECT" });
    expectQuiet(log);
    expect(log.filter(({ msg }) => msg.startsWith("Stopped working on request: "))).toMatchObject([
      { level: 20, code: "ERR_ABORTED_DISCONNECT" },
    ]);
  });

  test("as a filter logs no failure, and its half-closed peer gets a 503", async () => {
    const { waiting, handle } = place(heed);
    const { connect, log } = await serveDefinitions([
      { kind: "filter", name: "Filter", paths: ["*"], filter: ({ signal }) => handle(signal) },
    ]);
    const peer = await connect();
    peer.send(filter(1, "/a.txt", "abc"));
    await waiting;
    peer.end();

    expect((await peer.answer(1)).status).toBe(503);
    expectQuiet(log);
  });

  test("as an authorizer logs no failure, and denies", async () => {
    const { waiting, handle } = place(heed);
    const { connect, log } = await serveDefinitions([
      gate(async ({ signal }) => (await handle(signal), allow())),
    ]);
    const peer = await connect();
    peer.send(authorize(1, "/a.txt"));
    await waiting;
    peer.end();

    expectDenied(await peer.answer(1), 503);
    expectQuiet(log);
  });

  test("in the middle of a stream logs no failure, and breaks it off", async () => {
    const { connect, log } = await serveDefinitions([
      responder({
        "GET /": async function* ({ signal }) {
          yield "a";
          await heed(signal);
          yield "b";
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/"));
    await peer.received(1);
    peer.end();

    await expect(peer.answer(1)).rejects.toThrow("ended before");
    expectQuiet(log);
  });

  test.each<[string, "destroy" | "reset" | "abort"]>([
    ["whose peer has gone", "destroy"],
    ["whose connection was reset", "reset"],
    ["that was aborted by ABORT_REQUEST", "abort"],
  ])("for a request %s logs no failure", async (_what, how) => {
    const { waiting, handle } = place(heed);
    const settled = deferred();
    const { connect, log, server } = await serveDefinitions([
      responder({
        "GET /": async ({ signal }) => {
          try {
            return await handle(signal);
          } finally {
            settled.resolve();
          }
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/"));
    await waiting;
    if (how === "abort") peer.send(abort(1));
    else peer[how]();
    await settled.promise;
    await turns();

    expect(server.activeRequests).toBe(0);
    expectQuiet(log);
  });
});

describe("A half-closed peer", () => {
  test("gets what a handler that was aborted returns or throws as an answer", async () => {
    const told = async (signal: AbortSignal) => {
      if (!signal.aborted) await once(signal, "abort");
    };
    const { connect, log } = await serveDefinitions([
      responder({
        "GET /answer": async ({ signal }) => (await told(signal), "all the same"),
        "GET /http": async ({ signal }) => {
          await told(signal);
          throw new HttpError(502, "The other end is gone.", { cause: signal.reason });
        },
        "GET /moved": async ({ signal }) => (await told(signal), Promise.reject(redirect("/else"))),
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/answer"), get(2, "/http"), get(3, "/moved"));
    peer.end();

    expect(await peer.answer(1)).toMatchObject({ status: 200, text: "all the same" });
    expect(await peer.answer(2)).toMatchObject({ status: 502, stderr: "" });
    expect((await peer.answer(3)).status).toBe(302);
    expectQuiet(log);
  });

  test("does not hide failures for other reasons: a handler that was not aborted fails as usual", async () => {
    const go = deferred();
    const { connect, log } = await serveDefinitions([
      responder({
        "GET /": async () => {
          await go.promise;
          throw new Error("a mistake");
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/"));
    await peer.roundTrip();
    peer.end();
    await once(peer.socket, "finish");
    await turns();
    go.resolve();

    expect(await peer.answer(1)).toMatchObject({ status: 500, stderr: expect.stringContaining("a mistake") });
    expect(log.filter(({ level }) => level >= 50)).toHaveLength(1);
  });
});
