import type { Automaton } from "./automaton.js";
import { characterSet, complementOf, LAST_CODE, type CharacterSet } from "./character-set.js";
import type { CodeRange } from "./glob-nodes.js";

/** The states of an automaton for all texts that another one does not lead to its end; undefined beyond the limit. */
export interface ComplementOptions {
  readonly from: number;
  readonly to: number;
  /** Where a text leads that is another one. */
  readonly otherwise: number;
  /** The characters that such a text may have. */
  readonly characters: CharacterSet;
  /** How many states it may take. */
  readonly limit: number;
}

/**
 * Adds states for the texts that do not lead from one state to another, and gives the first of them; undefined where that
 * takes too many. Each stands for the set of states that a text leads to, which is known once the text is read.
 */
export function addComplement(
  automaton: Automaton,
  { from, to, otherwise, characters, limit }: ComplementOptions,
): number | undefined {
  const known = new Map<string, number>();
  const open: { readonly states: readonly number[]; readonly state: number }[] = [];
  const stateFor = (states: readonly number[]): number => {
    const key = states.toSorted((a, b) => a - b).join();
    let state = known.get(key);
    if (state === undefined) {
      state = automaton.state();
      known.set(key, state);
      open.push({ states, state });
      if (!states.includes(to)) automaton.addShortcut(state, otherwise);
    }
    return state;
  };
  const first = stateFor(automaton.reach([from]));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (known.size > limit) return undefined;
    const targets = new Map<number, CodeRange[]>();
    for (const range of rangesOf(
      next.states.flatMap((state) => automaton.edgesOf(state)),
      characters,
    )) {
      const target = stateFor(automaton.step(next.states, range[0]));
      const ranges = targets.get(target);
      if (ranges === undefined) targets.set(target, [range]);
      else ranges.push(range);
    }
    for (const [target, ranges] of targets) {
      automaton.addEdge(next.state, { characters: characterSet(ranges), to: target });
    }
  }
  return first;
}

/** These characters, in ranges of those that none of the edges tells apart. */
function rangesOf(
  edges: readonly { readonly characters: CharacterSet }[],
  characters: CharacterSet,
): CodeRange[] {
  const others = complementOf(characters);
  const starts = new Set([0]);
  for (const set of [...edges.map(({ characters }) => characters), others]) {
    for (const [first, last] of set) starts.add(first).add(last + 1);
  }
  const sorted = [...starts].filter((start) => start <= LAST_CODE).sort((a, b) => a - b);
  return sorted
    .map((start, index) => [start, (sorted[index + 1] ?? LAST_CODE + 1) - 1] as const)
    .filter(([first]) => !others.some(([from, to]) => first >= from && first <= to));
}
