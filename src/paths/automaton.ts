import { hasCode, type CharacterSet } from "./character-set.js";

/** A transition on a set of characters. */
export interface Edge {
  readonly characters: CharacterSet;
  readonly to: number;
}

/** A nondeterministic finite automaton over code points. States are numbers. */
export class Automaton {
  readonly #edges: Edge[][] = [];
  /** The epsilon transitions of each state. */
  readonly #epsilons: number[][] = [];
  /** The step in which each state was last entered. */
  #entered = new Uint32Array(0);
  #step = 0;

  /** Adds a state without transitions and returns it. */
  state(): number {
    this.#edges.push([]);
    this.#epsilons.push([]);
    return this.#edges.length - 1;
  }

  /** Adds a transition. */
  addEdge(from: number, edge: Edge): void {
    this.#edges[from]!.push(edge);
  }

  /** Adds an epsilon transition, which reads no character. */
  addEpsilon(from: number, to: number): void {
    this.#epsilons[from]!.push(to);
  }

  /** Returns the transitions of a state, without its epsilon transitions. */
  edgesOf(state: number): readonly Edge[] {
    return this.#edges[state]!;
  }

  /** Returns the epsilon closure of the states that one code point leads to from any of these. */
  step(states: readonly number[], code: number): number[] {
    const next: number[] = [];
    this.#beginStep();
    for (const state of states) {
      for (const { characters, to } of this.#edges[state]!)
        if (hasCode(characters, code)) this.#enter(to, next);
    }
    return next;
  }

  /** Returns the epsilon closure of these states. */
  closure(states: readonly number[]): number[] {
    const closed: number[] = [];
    this.#beginStep();
    for (const state of states) this.#enter(state, closed);
    return closed;
  }

  #beginStep(): void {
    if (this.#entered.length < this.#edges.length || this.#step === 0xffffffff) {
      this.#entered = new Uint32Array(this.#edges.length);
      this.#step = 0;
    }
    this.#step += 1;
  }

  #enter(state: number, into: number[]): void {
    if (this.#entered[state] === this.#step) return;
    this.#entered[state] = this.#step;
    into.push(state);
    for (const next of this.#epsilons[state]!) this.#enter(next, into);
  }
}
