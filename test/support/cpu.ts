/** The fixed cost of a run: below it, processor time is not meaningful; ms. */
const FLOOR = 2;
const ROUNDS = 3;
/** The allowed factor of cost for 4 times as much input. */
const FACTOR = 6;

/** Processor time of a run, including garbage collection, in ms. */
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

/** A quadratic cost never passes as linear, however often it is measured. */
const ATTEMPTS = 3;

/**
 * How much more processor time an input of the length `limit` costs than one of a quarter of it, if that is measurable:
 * at most 1 means linear growth. The best of several rounds and attempts counts, to exclude other work on the machine,
 * garbage collection and compilation by V8.
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
