import { setImmediate as turn } from "node:timers/promises";

/** How long anything in a session may take to end, in ms. */
const END_LIMIT = 15_000;

/** Fails with `fact` where a promise is not settled in time. */
export async function inTime<T>(promise: Promise<T>, fact: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(fact)), END_LIMIT);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a condition; fails with `fact` where it does not come in time. */
export async function until(condition: () => boolean, fact: () => string): Promise<void> {
  const started = performance.now();
  while (!condition()) {
    if (performance.now() - started > END_LIMIT) throw new Error(fact());
    await turn();
  }
}
