/** During a longer turn of the event loop more may have come, which the turn did not read; ms. */
const SHORT_TURN = 2;
/** After this many long turns, a short one is no longer waited for. */
const MOST_LONG_TURNS = 50;

/** What a closing server still accepts. */
export interface LastArrivals {
  /** How many connections it has accepted so far. */
  readonly accepted: () => number;
  /** The most that may have waited to be accepted. */
  readonly most: number;
  /** Whether it accepts no more, even if more waits. */
  readonly isOver: () => boolean;
}

/**
 * Lets a closing server read what has reached the process: resolves after a turn of the event loop in which every readable
 * socket was read, nothing was accepted, and almost no time passed. The caller closes what is idle in the same turn.
 *
 * Connections are accepted in order, some Node.js versions take one in a turn, and each is read in the turn after that. A
 * stream of new ones does not prolong it: when as many were accepted as the queue holds, all that waited were.
 */
export async function lastTurns({ accepted, most, isOver }: LastArrivals): Promise<void> {
  const before = accepted();
  // The rest of this turn comes after its sockets.
  await endOfTurn();
  for (let longTurns = 0; longTurns < MOST_LONG_TURNS;) {
    const [start, count] = [performance.now(), accepted()];
    await endOfTurn();
    if (isOver() || count - before >= most) return;
    if (accepted() > count) continue;
    if (performance.now() - start < SHORT_TURN) return;
    longTurns += 1;
  }
}

/** Resolves after the sockets of this turn were read, or those of the next one if this turn has read its own. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
