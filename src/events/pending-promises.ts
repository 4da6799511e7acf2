import { AsyncLocalStorage } from "node:async_hooks";
import { promiseHooks } from "node:v8";

import { callSites, isBuiltin, type CallSite } from "./call-sites.js";
import { Waiting, type CallMaker, type Maker, type RequestPromises } from "./waiting.js";

/** Promises of one `Promise.all` that are recorded. */
const MOST_BRANCHES = 100;
/** Calls in one turn that have come neither to an await nor to their end. */
const MOST_CALLS = 1_000;

/** The frame of Node.js between V8 and several listeners. */
const DISPATCHER = "node:internal/promise_hooks";
/** The frames of Node.js that let the engine go on with what was awaited. */
const QUEUE = "node:internal/process/task_queues";
const COMBINATORS: ReadonlySet<unknown> = new Set(["all", "allSettled", "any", "race"]);
const GENERATOR_REQUESTS: ReadonlySet<unknown> = new Set(["next", "return", "throw"]);

/**
 * Records what the promises of requests wait for, and in which await each async function stands. V8 reports each promise when it is
 * made, when what waits for it goes on, and when it is settled:
 *
 * - An async function makes its promise, without a parent, when it is called. The newest frame of the stack is its own, at its start.
 * - `await` makes a promise whose parent is the awaited one. The newest frame is the await. Whose call that is follows from the order:
 *   the last one that has come neither to an await nor to its end, or the one that goes on in this turn.
 * - `then` makes a promise whose parent is the one that it was called on; the newest frames are `then` and its caller.
 *
 * A record lives as long as its promise, and no longer than its request.
 */
export class PendingPromises {
  readonly #context = new AsyncLocalStorage<RequestPromises>();
  readonly #known = new WeakMap<object, Waiting>();
  /** By the promise that an await makes, the call that goes on when it is settled. */
  readonly #awaits = new WeakMap<object, Waiting>();
  /** The calls of this turn that have come neither to an await nor to their end. */
  readonly #calls: Waiting[] = [];
  /** The call that goes on in this turn. */
  #resumed: Waiting | undefined;
  /** The promise whose callback runs in this turn, or that takes over another promise. */
  #reacting: Waiting | undefined;
  /** The result of the last call of `Promise.all` or the like in this turn. */
  #combined: Waiting | undefined;
  readonly #stop: () => void;

  /** @throws unless the runtime has V8's promise hooks */
  constructor() {
    this.#stop = promiseHooks.createHook({
      init: this.#init,
      before: this.#before,
      after: this.#after,
      settled: this.#settled,
    }) as () => void;
  }

  close(): void {
    this.#stop();
    this.#context.disable();
  }

  /** Runs what begins a request. The promises that come of it are recorded until the request ends. */
  run(request: RequestPromises, handle: () => void): void {
    this.#context.run(request, handle);
  }

  /** What is known of a promise; undefined if it is settled or was not recorded. */
  get(promise: object): Waiting | undefined {
    return this.#known.get(promise);
  }

  readonly #init = (promise: object, parent: object | undefined): void => {
    const request = this.#context.getStore();
    if (request === undefined || request.isOver) return;
    try {
      if (parent === undefined) this.#made(promise, request);
      else this.#follows(promise, parent, request);
    } catch {
      // For example the stack is full. An error of a hook would end the process.
    }
  };

  readonly #before = (promise: object): void => {
    this.#after();
    this.#resumed = this.#awaits.get(promise);
    if (this.#resumed === undefined) this.#reacting = this.#known.get(promise);
    (this.#resumed ?? this.#reacting)?.goOn();
  };

  readonly #after = (): void => {
    this.#calls.length = 0;
    this.#resumed = this.#reacting = this.#combined = undefined;
  };

  readonly #settled = (promise: object): void => {
    const waiting = this.#known.get(promise);
    if (waiting === undefined) return;
    this.#known.delete(promise);
    waiting.goOn();
    waiting.request.release();
    const at = this.#calls.lastIndexOf(waiting);
    if (at >= 0) this.#calls.length = at;
  };

  /** A promise without a parent was made: by a call, or by `new Promise` and the like. */
  #made(promise: object, request: RequestPromises): void {
    const [first, second] = this.#sites(2);
    if (first === undefined) return;
    const name = first.getFunctionName();
    if (!isBuiltin(first)) {
      const call = callAt(first, second);
      const isCall = !this.#isInsideCall(call, isDirect(second));
      this.#record(isCall ? call : { kind: "other", origin: first }, { promise, request });
    } else if (GENERATOR_REQUESTS.has(name)) {
      this.#record({ kind: "generator" }, { promise, request });
    } else {
      const waiting = this.#record({ kind: "other", origin: second }, { promise, request });
      if (COMBINATORS.has(name)) this.#combined = waiting;
    }
  }

  /** A promise was made that waits for another one: by an await, or by `then`. */
  #follows(promise: object, parent: object, request: RequestPromises): void {
    const [first, second] = this.#sites(3);
    if (first === undefined) return;
    const isOutermost = isDirect(second);
    if (!isBuiltin(first)) {
      const call = isOutermost && this.#resumed !== undefined ? this.#resumed : this.#callAt(first, second);
      // What is awaited and no promise becomes one first, whose parent is that of the call.
      if (call === undefined || call.promise === parent) return;
      call.stand(first, parent);
      this.#awaits.set(promise, call);
      const at = this.#calls.lastIndexOf(call);
      if (at >= 0) this.#calls.length = at;
      return;
    }
    if (isOutermost && this.#reacting !== undefined) {
      // The engine itself calls `then` if a promise takes over another one.
      this.#reacting.on = [parent];
      return;
    }
    const waiting = this.#record({ kind: "other", origin: second }, { promise, request });
    if (waiting === undefined) return;
    waiting.on = [parent];
    const combined =
      isBuiltin(second) && COMBINATORS.has(second?.getFunctionName()) ? this.#combined : undefined;
    if (combined !== undefined && combined.on.length < MOST_BRANCHES) combined.on = [...combined.on, promise];
  }

  #record(maker: Maker, of: Pick<Waiting, "promise" | "request">): Waiting | undefined {
    if (!of.request.take()) return undefined;
    const waiting = new Waiting(maker, of);
    this.#known.set(of.promise, waiting);
    if (maker.kind !== "other" && this.#calls.length < MOST_CALLS) this.#calls.push(waiting);
    return waiting;
  }

  /** The call that comes to an await. Later ones of this turn have come to their end, or are no calls. */
  #callAt(first: CallSite, second: CallSite | undefined): Waiting | undefined {
    const isGenerator = isBuiltin(second) && GENERATOR_REQUESTS.has(second?.getFunctionName());
    const [name, file, position] = [first.getFunctionName(), first.getFileName(), first.getPosition()];
    return this.#calls.findLast(({ maker }) =>
      maker.kind === "call"
        ? !isGenerator && maker.name === name && maker.file === file && maker.start <= position
        : isGenerator,
    );
  }

  /** Whether the function of a call that has begun makes a promise in another way, for example by `import()`. */
  #isInsideCall({ name, file, start, caller }: CallMaker, isOutermost: boolean): boolean {
    if (isOutermost && this.#resumed !== undefined) return true;
    return this.#calls.some(
      ({ maker }) =>
        maker.kind === "call" &&
        maker.name === name &&
        maker.file === file &&
        maker.caller === caller &&
        maker.start !== start,
    );
  }

  /** The newest frames, without those between V8 and this listener. */
  #sites(most: number): readonly CallSite[] {
    const sites = callSites(this.#init, most + 1);
    return sites[0]?.getFileName() === DISPATCHER ? sites.slice(1) : sites;
  }
}

function callAt(first: CallSite, second: CallSite | undefined): CallMaker {
  return {
    kind: "call",
    name: first.getFunctionName(),
    file: first.getFileName(),
    start: first.getPosition(),
    caller: isDirect(second) ? undefined : second?.getPosition(),
  };
}

/** Whether the engine has called a function, by the frame before its own. */
function isDirect(second: CallSite | undefined): boolean {
  return second === undefined || second.isAsync() || second.getFileName() === QUEUE;
}
