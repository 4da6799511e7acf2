/** What is spent whatever the input is: below, the clock of the processor tells little; ms. */
const FLOOR = 2;
const ROUNDS = 3;
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

/** A time that grows with the square of the length is never taken for another one, however often it is measured. */
const ATTEMPTS = 3;

/**
 * How much more processor time an input of the length `limit` takes than one of a quarter of it, where that says anything:
 * at most 1 means that it grows with the length. The best of several rounds count, and the best of some attempts, so that
 * other work on the machine, collections of garbage and what V8 compiles meanwhile are left out.
 */
export async function growth(limit: number, run: (length: number) => unknown): Promise<number> {
  await run(limit / 4);
  const first = await spent(() => run(limit));
  if (first <= FACTOR * FLOOR) return first / (FACTOR * FLOOR);
  let least = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && least > 1; attempt += 1) {
    const small = await best(() => run(limit / 4));
    const large = await best(() => run(limit));
    least = Math.min(least, large / (FACTOR * Math.max(small, FLOOR)));
  }
  return least;
}
