/** The connections of a worker that serves. */
export interface Load {
  readonly connections: number;
}

/** From this ratio on, of the most connections of a worker to the fewest, some of them move. */
const MOST_RATIO = 1.25;
/** Connections that move at once: those that move are not read for a moment. */
const MOST_MOVED = 64;

/**
 * Decides which worker hands connections over so that all have about as many: kept connections stay where they were accepted,
 * and the first workers to wake accept most. Returns undefined if they do not differ much.
 */
export function unbalanced<W extends Load>(
  workers: readonly W[],
): { readonly from: W; readonly connections: number } | undefined {
  if (workers.length < 2) return undefined;
  const [from, ...others] = workers.toSorted((a, b) => b.connections - a.connections);
  const total = workers.reduce((sum, { connections }) => sum + connections, 0);
  const fewest = others.at(-1)!.connections;
  // One more than the others have is no difference.
  if (from === undefined || from.connections <= fewest + 1 || from.connections < fewest * MOST_RATIO)
    return undefined;
  const connections = Math.min(from.connections - Math.ceil(total / workers.length), MOST_MOVED);
  return { from, connections: Math.max(connections, 1) };
}
