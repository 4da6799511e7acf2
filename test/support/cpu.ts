/** What is spent whatever the input is: below, the clock of the processor tells little; ms. */
const FLOOR = 2;
const ROUNDS = 5;
/** 4 times as much may cost so many times as much. */
const FACTOR = 6;

/** Processor time that a run takes, garbage and all, in ms. */
async function spent(run: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function best(run: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) least = Math.min(least, await spent(run));
  return least;
}

/**
 * How much more processor time an input of the length `limit` takes than one of a quarter of it, where that says anything:
 * at most 1 means that it grows with the length. The best of several rounds count, so that other work on the machine and
 * what V8 compiles meanwhile are left out.
 */
export async function growth(limit: number, run: (length: number) => unknown): Promise<number> {
  await run(limit / 4);
  const first = await spent(() => run(limit));
  if (first <= FACTOR * FLOOR) return first / (FACTOR * FLOOR);
  const small = await best(() => run(limit / 4));
  const large = Math.min(first, await best(() => run(limit)));
  return large / (FACTOR * Math.max(small, FLOOR));
}
