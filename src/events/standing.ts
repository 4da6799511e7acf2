import type { CallSite } from "./call-sites.js";
import type { Waiting } from "./waiting.js";

/** Promises that are looked at for one request. */
const MOST_VISITED = 2_000;
/** Stacks of one request, more than one if it waits for `Promise.all`. */
const MOST_STACKS = 20;

/** Awaits from what a request waits for up to its handler, the innermost one first. */
export type AwaitStack = readonly CallSite[];

/**
 * Returns the awaits in which a request stands for a promise: a stack for each promise that it waits for at the end, more than one
 * only if there is `Promise.all` or the like in between.
 *
 * @param get what is known of a promise that is not settled
 * @param visited promises that were looked at, which are left out
 */
export function awaitStacks(
  promise: object,
  get: (promise: object) => Waiting | undefined,
  visited: Set<object>,
): readonly AwaitStack[] {
  const stacks: AwaitStack[] = [];
  const visit = (current: object, outer: AwaitStack): void => {
    if (visited.has(current) || visited.size >= MOST_VISITED || stacks.length >= MOST_STACKS) return;
    visited.add(current);
    const waiting = get(current);
    const stack = waiting?.at === undefined ? outer : [waiting.at, ...outer];
    const { on = [], maker } = waiting ?? {};
    // Of several, those that are not known are settled.
    const pending = on.length > 1 ? on.filter((one) => get(one) !== undefined) : on;
    for (const one of pending) visit(one, stack);
    if (pending.length > 0) return;
    const origin = maker?.kind === "other" ? maker.origin : undefined;
    if (stack.length > 0) stacks.push(stack);
    else if (origin !== undefined) stacks.push([origin]);
  };
  visit(promise, []);
  return stacks;
}
