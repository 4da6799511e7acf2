import type { Automaton } from "./automaton.js";
import { characterSet, complementOf, LAST_CODE, type CharacterSet } from "./character-set.js";
import type { CodeRange } from "./glob-nodes.js";

/** A part of an automaton, and how to complement it. */
export interface ComplementOptions {
  /** The start of the texts to exclude. */
  readonly from: number;
  /** The end of the texts to exclude. */
  readonly to: number;
  /** The state that all other texts lead to. */
  readonly next: number;
  /** The characters that the other texts may have. */
  readonly characters: CharacterSet;
  /** The most states to add. */
  readonly limit: number;
}

/**
 * Adds states for the texts that do not lead from one state to another, by the subset construction.
 *
 * @returns the first of the added states; undefined if it takes more than the limit
 */
export function addComplement(
  automaton: Automaton,
  { from, to, next: accepted, characters, limit }: ComplementOptions,
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
      if (!states.includes(to)) automaton.addEpsilon(state, accepted);
    }
    return state;
  };
  const first = stateFor(automaton.closure([from]));
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

/** Splits these characters into ranges within which all edges agree. */
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
