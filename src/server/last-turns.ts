/** A turn of the event loop that lasts longer may have left something behind that came meanwhile; ms. */
const SHORT_TURN = 2;
/** So many long turns, and no more is waited for a short one. */
const MOST_LONG_TURNS = 50;

/** What a server that closes still takes. */
export interface LastArrivals {
  /** How many connections it has accepted so far. */
  readonly accepted: () => number;
  /** As many as may have waited to be accepted. */
  readonly most: number;
  /** Whether it takes no more, whatever waits. */
  readonly isOver: () => boolean;
}

/**
 * Lets a server that shall close read what had reached the process before: resolves behind a turn of the event loop in which
 * every readable socket was read, nothing was accepted, and next to no time passed, so that what comes now comes later than
 * all that. What is to be closed is closed then, in the same turn.
 *
 * Connections are accepted in order, some Node.js versions take one in a turn, and each is read in the turn after that. A
 * stream of new ones ends it all the same: when as many were accepted as the queue holds, all that waited were.
 */
export async function lastTurns({ accepted, most, isOver }: LastArrivals): Promise<void> {
  const before = accepted();
  // What is left of this turn is behind its sockets.
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

/** Resolves behind the sockets of this turn, or of the next one where this turn is behind them already. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
