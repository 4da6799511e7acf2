import type { CallSite } from "./call-sites.js";

/** A call of an async function. */
export interface CallMaker {
  readonly kind: "call";
  readonly name: string | null;
  readonly file: string | null;
  /** Where the function begins, as an offset in its file: each of its calls makes its promise there. */
  readonly start: number;
  /** Where it was called, as an offset; undefined if the engine called it. */
  readonly caller: number | undefined;
}

/** What a promise is the result of: a call, a request of an async generator as `for await` makes them, or anything else. */
export type Maker =
  | CallMaker
  | { readonly kind: "generator" }
  | { readonly kind: "other"; readonly origin: CallSite | undefined };

/** Unsettled promises of one request that are recorded. */
const MOST_PROMISES = 1_000;
const NOTHING: readonly object[] = [];

/** A promise that a request has made, until it is settled. */
export class Waiting {
  readonly maker: Maker;
  readonly promise: object;
  readonly request: RequestPromises;
  /** Counts the records of its request, so that what began earlier has a lower one. */
  readonly order: number;
  /** The await in which its function stands. */
  at: CallSite | undefined;
  /** The promises that it waits for. */
  on: readonly object[] = NOTHING;

  constructor(maker: Maker, { promise, request }: Pick<Waiting, "promise" | "request">) {
    this.maker = maker;
    this.promise = promise;
    this.request = request;
    this.order = request.count();
  }

  /** Its function stands at an await. */
  stand(at: CallSite, on: object): void {
    this.at = at;
    this.on = [on];
    this.request.standing.add(this);
  }

  /** Its function, or the callback whose result it gets, goes on. */
  goOn(): void {
    this.at = undefined;
    this.on = NOTHING;
    this.request.standing.delete(this);
  }
}

/** The promises of one request that are recorded. */
export class RequestPromises {
  #made = 0;
  /** How many more are, so that no request makes the records grow without end. */
  #left = MOST_PROMISES;
  /** The calls that stand at an await. */
  readonly standing = new Set<Waiting>();
  isOver = false;

  /** The calls that stand at an await, the one that began first at first. */
  get standingInOrder(): readonly Waiting[] {
    return [...this.standing].sort((a, b) => a.order - b.order);
  }

  count(): number {
    this.#made += 1;
    return this.#made;
  }

  /** Takes the place of one record; false if none is left. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  /** Gives the place of one record back. */
  release(): void {
    this.#left += 1;
  }

  /** The request has ended. */
  end(): void {
    this.isOver = true;
    this.standing.clear();
  }
}
