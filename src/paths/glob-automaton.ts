import { ConfigurationError } from "../errors.js";
import { Automaton } from "./automaton.js";
import { addComplement } from "./complement.js";
import { characterSet, complementOf, setOf, type CharacterSet } from "./character-set.js";
import type { Branches, GlobNode } from "./glob-nodes.js";
import { LazyDfa } from "./lazy-dfa.js";
import { foldText, variantsOf } from "./case-folding.js";

/**
 * How a glob compares letters: `exact`; `widest`, so that it covers what any case-insensitive program could read as a path
 * that it covers; or `narrowest`, only what it covers for all of them, which is what a negation excludes.
 */
export type LetterMatching = "exact" | "widest" | "narrowest";

/** The matching inside a negation. */
export const OPPOSITE: Readonly<Record<LetterMatching, LetterMatching>> = {
  exact: "exact",
  widest: "narrowest",
  narrowest: "widest",
};

const SLASH = setOf("/");
const NO_SLASH = complementOf(SLASH);
const ANY = complementOf([]);

/** The most states of a `!(…)`. */
const MAX_STATES = 500;

/** Compiles the nodes of a glob into a function that reports, in linear time, whether they cover a whole text. */
export function compileNodes(
  glob: string,
  { nodes, letters }: { readonly nodes: readonly GlobNode[]; readonly letters: LetterMatching },
): (text: string) => boolean {
  const builder = new Builder(glob);
  const to = builder.automaton.state();
  const from = builder.all(nodes, { letters, to: builder.ending(nodes, { letters, to }) });
  const dfa = new LazyDfa(builder.automaton, { from, to });
  return (text) => dfa.accepts(text);
}

interface Target {
  readonly letters: LetterMatching;
  /** The state that follows. */
  readonly to: number;
}

/** Builds from right to left: each method returns the state before the node that it adds. */
class Builder {
  readonly automaton = new Automaton();
  readonly #glob: string;

  constructor(glob: string) {
    this.#glob = glob;
  }

  /** Accepts an optional trailing slash after a star or brackets. */
  ending(nodes: readonly GlobNode[], { to }: Target): number {
    const last = nodes.at(-1)!.kind;
    if (last !== "star" && last !== "class") return to;
    return this.#anyOf([to, this.#edge(SLASH, to)]);
  }

  all(nodes: readonly GlobNode[], { letters, to }: Target): number {
    let state = to;
    for (let index = nodes.length - 1; index >= 0; index -= 1) {
      const node = nodes[index]!;
      const next = nodes[index + 1];
      // "/a/**" covers "/a" too.
      const isOptional = node.kind === "slash" && next?.kind === "globstar" && next.form === "end";
      const before = this.#node(node, { letters, to: state });
      state = isOptional ? this.#anyOf([before, to]) : before;
    }
    return state;
  }

  #node(node: GlobNode, target: Target): number {
    const { letters, to } = target;
    switch (node.kind) {
      case "text":
        return letters === "widest" ? this.#folded(node.text, to) : this.#exact(node.text, to);
      case "slash":
        return this.#edge(SLASH, to);
      case "one":
        return this.#edge(NO_SLASH, to);
      case "star": {
        const rest = this.#loop(NO_SLASH, to);
        return node.atLeastOne ? this.#edge(NO_SLASH, rest) : rest;
      }
      case "globstar":
        return node.form === "middle" ? this.#segments(to) : this.#loop(ANY, to);
      case "class":
        return this.#edge(classOf(node, letters), to);
      case "choice":
        return this.#choice(node.branches, target);
      case "repeat":
        return this.#repeat(node, target);
      case "not":
        return this.#not(node.branches, target);
    }
  }

  #exact(text: string, to: number): number {
    return Array.from(text).reduceRight((state, character) => this.#edge(setOf(character), state), to);
  }

  #folded(text: string, to: number): number {
    const { length, spellings } = foldText(text);
    const states = Array.from({ length }, () => this.automaton.state());
    states.push(to);
    for (const { from, to: end, characters } of spellings) {
      this.automaton.addEdge(states[from]!, { characters: setOf(characters), to: states[end]! });
    }
    return states[0]!;
  }

  /** Any number of segments, each with its slash. */
  #segments(to: number): number {
    const start = this.#anyOf([to]);
    this.automaton.addEpsilon(start, this.#loop(NO_SLASH, this.#edge(SLASH, start)));
    return start;
  }

  #choice(branches: Branches, target: Target): number {
    return this.#anyOf(branches.map((branch) => this.all(branch, target)));
  }

  #repeat(
    { branches, least, once }: GlobNode & { readonly kind: "repeat" },
    { letters, to }: Target,
  ): number {
    const end = this.#anyOf([to]);
    const start = this.#choice(branches, { letters, to: end });
    if (!once) this.automaton.addEpsilon(end, start);
    return least === 0 ? this.#anyOf([start, to]) : start;
  }

  #not(branches: Branches, { letters, to }: Target): number {
    const end = this.automaton.state();
    const from = this.#choice(branches, { letters: OPPOSITE[letters], to: end });
    const start = addComplement(this.automaton, {
      from,
      to: end,
      next: to,
      characters: NO_SLASH,
      limit: MAX_STATES,
    });
    if (start !== undefined) return start;
    throw new ConfigurationError(
      "ERR_GLOB",
      `Cannot read glob ${JSON.stringify(this.#glob)}: !(…) has too many alternatives; write several globs`,
    );
  }

  #edge(characters: CharacterSet, to: number): number {
    const state = this.automaton.state();
    this.automaton.addEdge(state, { characters, to });
    return state;
  }

  #loop(characters: CharacterSet, to: number): number {
    const state = this.#anyOf([to]);
    this.automaton.addEdge(state, { characters, to: state });
    return state;
  }

  #anyOf(targets: readonly number[]): number {
    const state = this.automaton.state();
    for (const target of targets) this.automaton.addEpsilon(state, target);
    return state;
  }
}

function classOf(
  { members, negated }: GlobNode & { readonly kind: "class" },
  letters: LetterMatching,
): CharacterSet {
  const exact = characterSet(members);
  const isFolded = (negated ? OPPOSITE[letters] : letters) === "widest";
  const set = isFolded ? characterSet([...exact, ...foldedMembers(exact)]) : exact;
  return negated ? complementOf(characterSet([...set, ...SLASH])) : set;
}

function foldedMembers(set: CharacterSet): CharacterSet {
  const characters = new Set<string>();
  for (const [first, last] of set) {
    for (let code = first; code <= last; code += 1) {
      for (const variant of variantsOf(String.fromCodePoint(code))) characters.add(variant);
    }
  }
  return setOf(characters);
}
