import { ConfigurationError } from "../errors.js";
import { Automaton } from "./automaton.js";
import { addComplement } from "./complement.js";
import { characterSet, complementOf, setOf, type CharacterSet } from "./character-set.js";
import type { Branches, GlobNode } from "./glob-nodes.js";
import { Walk } from "./lazy-dfa.js";
import { foldText, variantsOf } from "./case-folding.js";

/**
 * How the letters of a glob are compared: `exact`; `widest`, so that it covers what any program that ignores case could
 * take for a path that it covers; or `narrowest`, what it covers to each of them, which is what a negation leaves free.
 */
export type Letters = "exact" | "widest" | "narrowest";

/** Of what is covered to some program, another one may leave out the rest. */
export const OPPOSITE: Readonly<Record<Letters, Letters>> = {
  exact: "exact",
  widest: "narrowest",
  narrowest: "widest",
};

const SLASH = setOf("/");
const NO_SLASH = complementOf(SLASH);
const ANY = complementOf([]);

/** How many states a `!(…)` may take. */
const MAX_STATES = 500;

/** Compiles the parts of a glob to a function that tells whether they cover a whole text, in time linear in the text. */
export function compileNodes(
  glob: string,
  { nodes, letters }: { readonly nodes: readonly GlobNode[]; readonly letters: Letters },
): (text: string) => boolean {
  const builder = new Builder(glob);
  const to = builder.automaton.state();
  const from = builder.all(nodes, { letters, to: builder.ending(nodes, { letters, to }) });
  const walk = new Walk(builder.automaton, { from, to });
  return (text) => walk.leads(text);
}

interface Target {
  readonly letters: Letters;
  /** The state that what is built leads to. */
  readonly to: number;
}

/** Builds from right to left: each part gives the state in front of it. */
class Builder {
  readonly automaton = new Automaton();
  readonly #glob: string;

  constructor(glob: string) {
    this.#glob = glob;
  }

  /** A slash behind a star or brackets is taken for the end of a path. */
  ending(nodes: readonly GlobNode[], { to }: Target): number {
    const last = nodes.at(-1)!.kind;
    if (last !== "star" && last !== "class") return to;
    return this.#either([to, this.#edge(SLASH, to)]);
  }

  all(nodes: readonly GlobNode[], { letters, to }: Target): number {
    let state = to;
    for (let index = nodes.length - 1; index >= 0; index -= 1) {
      const node = nodes[index]!;
      const next = nodes[index + 1];
      // "/a/**" covers "/a" as well.
      const isOptional = node.kind === "slash" && next?.kind === "globstar" && next.form === "end";
      const before = this.#node(node, { letters, to: state });
      state = isOptional ? this.#either([before, to]) : before;
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

  /** Any number of whole segments with the slash behind each. */
  #segments(to: number): number {
    const start = this.#either([to]);
    this.automaton.addShortcut(start, this.#loop(NO_SLASH, this.#edge(SLASH, start)));
    return start;
  }

  #choice(branches: Branches, target: Target): number {
    return this.#either(branches.map((branch) => this.all(branch, target)));
  }

  #repeat(
    { branches, least, once }: GlobNode & { readonly kind: "repeat" },
    { letters, to }: Target,
  ): number {
    const behind = this.#either([to]);
    const start = this.#choice(branches, { letters, to: behind });
    if (!once) this.automaton.addShortcut(behind, start);
    return least === 0 ? this.#either([start, to]) : start;
  }

  #not(branches: Branches, { letters, to }: Target): number {
    const end = this.automaton.state();
    const from = this.#choice(branches, { letters: OPPOSITE[letters], to: end });
    const start = addComplement(this.automaton, {
      from,
      to: end,
      otherwise: to,
      characters: NO_SLASH,
      limit: MAX_STATES,
    });
    if (start !== undefined) return start;
    throw new ConfigurationError(
      "ERR_GLOB",
      `Cannot read glob ${JSON.stringify(this.#glob)}: !(…) has too many forms; write several globs`,
    );
  }

  #edge(characters: CharacterSet, to: number): number {
    const state = this.automaton.state();
    this.automaton.addEdge(state, { characters, to });
    return state;
  }

  #loop(characters: CharacterSet, to: number): number {
    const state = this.#either([to]);
    this.automaton.addEdge(state, { characters, to: state });
    return state;
  }

  #either(targets: readonly number[]): number {
    const state = this.automaton.state();
    for (const target of targets) this.automaton.addShortcut(state, target);
    return state;
  }
}

function classOf(
  { members, negated }: GlobNode & { readonly kind: "class" },
  letters: Letters,
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
