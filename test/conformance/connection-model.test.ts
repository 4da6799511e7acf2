// The state machine of a connection against a model that only tracks the required answers: every interleaving of the
// actions of a Web server and the handlers ends in the answers that the specification and the roles require, once each.
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";

import { ApplicationSide } from "../../src/protocol/application-side/application-side.js";
import type { ApplicationSideHost } from "../../src/protocol/application-side/application-side-host.js";
import { defaultLimits } from "../../src/protocol/limits.js";
import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { allow, deny, type Verdict } from "../../src/roles/verdict.js";
import { answerOf } from "../support/answer.js";
import * as wire from "../support/records.js";
import { capturedLog } from "../support/served.js";

const SEED = 19_960_429;
const RUNS = 600;
const MOST_ACTIVE = 4;

const IDS = [1, 2, 256];
const ROLES = [wire.Responder, wire.Authorizer, wire.Filter, 99];
const DATA_LENGTH = 6;

/** The model's view of an active request. */
interface Asked {
  readonly role: number;
  readonly number: number;
  state: "params" | "handled";
  stdin: "open" | "closed";
  data: "open" | "closed";
  aborted: boolean;
}

/** The model's view of the connection. */
interface Model {
  readonly active: Map<number, Asked>;
  /** How many requests were begun with each id; which must have been answered and by what. */
  readonly due: { readonly id: number; readonly role: number; readonly status: readonly number[] }[];
  begun: number;
  /** Whether the peer is gone. */
  closed: boolean;
}

/** A handler that waits for the test. */
interface Handler {
  readonly id: number;
  settle(way: "answer" | "throw"): void;
}

/** A connection without a socket, whose time and handlers the test owns. */
class Real implements ApplicationSideHost {
  readonly side: ApplicationSide;
  readonly handlers: Handler[] = [];
  readonly values = { FCGI_MAX_CONNS: "1", FCGI_MAX_REQS: "4", FCGI_MPXS_CONNS: "1" };
  readonly #records = new wire.Records();
  readonly #open = new Map<number, wire.Received[]>();
  readonly answers: { readonly id: number; readonly status: number; readonly text: string }[] = [];
  ends = 0;
  taking = true;
  broken = false;
  /** Whether the connection is gone, which ends requests without an answer. */
  gone = false;
  #time = 0;

  constructor() {
    const { log } = capturedLog();
    const wait = (id: number): Promise<"answer"> =>
      new Promise((resolve, reject) => {
        this.handlers.push({
          id,
          settle: (way) => (way === "answer" ? resolve(way) : reject(new Error("thrown"))),
        });
      });
    const dispatcher = new Dispatcher(
      new Roles(
        [
          {
            kind: "responder",
            name: "R",
            routes: [
              { method: "GET", path: "/file", name: "R.get", handle: ({ exchange }) => wait(exchange.id) },
            ],
          },
          {
            kind: "authorizer",
            name: "A",
            paths: [],
            authorize: ({ exchange }): Promise<Verdict> =>
              wait(exchange.id).then(() => (exchange.id === 2 ? deny() : allow())),
          },
          { kind: "filter", name: "F", paths: ["**"], filter: ({ exchange }) => wait(exchange.id) },
        ],
        { log },
      ),
    );
    const limits = { ...defaultLimits, requestsPerConnection: MOST_ACTIVE - 1 };
    this.side = new ApplicationSide(dispatcher, this, {
      limits,
      times: { params: 1_000, body: Infinity, abortGrace: 100 },
    });
  }

  now(): number {
    return this.#time;
  }

  pass(ms: number): void {
    this.#time += ms;
    this.side.expire(this.#time);
  }

  admit(): boolean {
    return true;
  }

  outputQueued(): void {
    // Read by settled().
  }

  bufferedChanged(): void {}

  activeChanged(by: number): void {
    if (by < 0 && !this.gone) this.ends += 1;
  }

  breakConnection(): void {
    this.broken = true;
    this.gone = true;
    this.side.disconnect();
  }

  receive(...parts: readonly Buffer[]): void {
    this.side.receive(Buffer.concat(parts));
  }

  /** Runs everything pending, and reads the answers if the peer reads. */
  async settled(): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      await turn();
      if (this.taking) this.#take();
    }
  }

  #take(): void {
    for (const buffer of this.side.output.take()) {
      for (const record of this.#records.push(Buffer.from(buffer))) this.#sort(record);
    }
    this.side.writable = true;
  }

  #sort(record: wire.Received): void {
    if (record.id === 0) return;
    const records = this.#open.get(record.id) ?? [];
    records.push(record);
    this.#open.set(record.id, records);
    if (record.type !== wire.Type.end) return;
    this.#open.delete(record.id);
    const { status, text } = answerOf(records);
    this.answers.push({ id: record.id, status, text });
  }
}

type Command = fc.AsyncCommand<Model, Real>;

/** Creates a command from a condition, an action and a name. */
function command(
  name: string,
  check: (model: Readonly<Model>) => boolean,
  run: (model: Model, real: Real) => void,
): Command {
  return {
    check: (model) => !model.closed && check(model),
    run: async (model, real) => {
      run(model, real);
      await real.settled();
      compare(model, real);
    },
    toString: () => name,
  };
}

/** If the peer reads, everything due was answered, and nothing else. */
function compare(model: Model, real: Real): void {
  expect(real.side.activeCount).toBe(model.active.size);
  expect(real.ends).toBe(model.due.length);
  if (!real.taking) return;
  expect(idsOf(real.answers)).toEqual(idsOf(model.due));
  for (const [number, { id, role, status }] of model.due.entries()) {
    const earlier = model.due.slice(0, number).filter((due) => due.id === id).length;
    const answer = real.answers.filter((answer) => answer.id === id)[earlier]!;
    expect({ role, status: status.includes(answer.status) ? "due" : answer.status }).toEqual({
      role,
      status: "due",
    });
  }
}

function idsOf(list: readonly { readonly id: number }[]): number[] {
  return list.map(({ id }) => id).toSorted((a, b) => a - b);
}

function finish(model: Model, id: number, status: readonly number[]): void {
  const { role } = model.active.get(id)!;
  model.active.delete(id);
  model.due.push({ id, role, status });
}

/** No output at all, or a status that says no: an authorizer's is never empty. */
const given = (role: number, ...status: number[]): number[] => {
  return role === wire.Authorizer ? status : [Number.NaN, ...status];
};

const begin = (id: number, role: number): Command =>
  command(
    `begin ${id} role ${role}`,
    ({ active }) => !active.has(id),
    (model, real) => {
      const full = model.active.size >= MOST_ACTIVE - 1;
      model.begun += 1;
      model.active.set(id, {
        role,
        number: model.begun,
        state: "params",
        stdin: "open",
        data: "open",
        aborted: false,
      });
      if (role === 99) finish(model, id, [Number.NaN]);
      else if (full) finish(model, id, [503]);
      real.receive(wire.begin(id, role));
    },
  );

const params = (id: number): Command =>
  command(
    `params ${id}`,
    ({ active }) => active.get(id)?.state === "params",
    (model, real) => {
      model.active.get(id)!.state = "handled";
      const variables = wire.variablesOf("/file", { FCGI_DATA_LENGTH: String(DATA_LENGTH) });
      real.receive(wire.params(id, variables));
    },
  );

const stdin = (id: number, close: number): Command =>
  command(
    `${close ? "close" : "send"} stdin ${id}`,
    ({ active }) => active.get(id)?.stdin === "open",
    (model, real) => {
      if (close) model.active.get(id)!.stdin = "closed";
      real.receive(wire.record(wire.Type.stdin, id, close ? "" : "body"));
    },
  );

const data = (id: number, close: number): Command =>
  command(
    `${close ? "close" : "send"} data ${id}`,
    ({ active }) => active.get(id)?.data === "open",
    (model, real) => {
      if (close) model.active.get(id)!.data = "closed";
      real.receive(wire.record(wire.Type.data, id, close ? "" : "data"));
    },
  );

const abort = (id: number): Command =>
  command(
    `abort ${id}`,
    () => true,
    (model, real) => {
      const asked = model.active.get(id);
      real.receive(wire.abort(id));
      // None of these handlers listens, so each is answered at once.
      if (asked !== undefined) finish(model, id, given(asked.role, 503));
    },
  );

const settle = (id: number, way: "answer" | "throw"): Command =>
  command(
    `handler ${way} ${id}`,
    () => true,
    (model, real) => {
      // Also handlers of requests that ended long ago: that must have no effect.
      const at = real.handlers.findLastIndex((handler) => handler.id === id);
      if (at < 0) return;
      const [handler] = real.handlers.splice(at, 1);
      const asked = model.active.get(id);
      handler!.settle(way);
      if (asked?.state !== "handled") return;
      const allowed = asked.role === wire.Authorizer && id === 2 ? 403 : 200;
      finish(model, id, [way === "answer" ? allowed : 500]);
    },
  );

const timePasses = (): Command =>
  command(
    "time passes",
    () => true,
    (model, real) => {
      real.pass(100_000);
      for (const [id, { state }] of model.active) finish(model, id, [state === "params" ? 408 : 504]);
    },
  );

const taking = (takes: number): Command =>
  command(
    takes ? "read again" : "stop reading",
    () => true,
    (_model, real) => {
      real.taking = takes === 1;
    },
  );

const close = (): Command =>
  command(
    "close",
    () => true,
    (model, real) => {
      real.gone = true;
      real.side.disconnect();
      model.active.clear();
      model.closed = true;
    },
  );

const strayRecords = (id: number): Command =>
  command(
    `stray records ${id}`,
    ({ active }) => !active.has(id),
    (_model, real) => {
      real.receive(
        wire.stdin(id, "late"),
        wire.data(id, "late"),
        wire.abort(id),
        wire.record(wire.Type.params, id),
      );
    },
  );

const id = fc.constantFrom(...IDS, 7);
const flag = fc.constantFrom(0, 1);
const commands = [
  fc.tuple(id, fc.constantFrom(...ROLES)).map(([id, role]) => begin(id, role)),
  fc.tuple(id, fc.constantFrom(...ROLES)).map(([id, role]) => begin(id, role)),
  id.map(params),
  id.map(params),
  fc.tuple(id, flag).map(([id, close]) => stdin(id, close)),
  fc.tuple(id, flag).map(([id, close]) => data(id, close)),
  id.map(abort),
  fc.tuple(id, fc.constantFrom("answer" as const, "throw" as const)).map(([id, way]) => settle(id, way)),
  fc.tuple(id, fc.constantFrom("answer" as const, "throw" as const)).map(([id, way]) => settle(id, way)),
  fc.constant(0).map(timePasses),
  flag.map(taking),
  fc.constant(0).map(close),
  id.map(strayRecords),
];

test("every interleaving of requests, handlers and time ends in the expected answers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: "max" }), async (commands) => {
      const model: Model = { active: new Map(), due: [], begun: 0, closed: false };
      const real = new Real();
      await fc.asyncModelRun(() => ({ model, real }), commands);
      // The peer leaves: active requests are aborted, and none remain.
      real.taking = true;
      await real.settled();
      compare(model, real);
      real.side.disconnect();
      for (const { settle } of real.handlers) settle("answer");
      await real.settled();

      expect(real.side.activeCount).toBe(0);
      expect(real.answers).toHaveLength(model.due.length);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});
