import { hasCode, type CharacterSet } from "./character-set.js";

/** Where a character leads to. */
export interface Edge {
  readonly characters: CharacterSet;
  readonly to: number;
}

/** States, and the characters that lead from one to the next: a nondeterministic automaton. */
export class Automaton {
  readonly #edges: Edge[][] = [];
  /** Where a state leads to without a character. */
  readonly #shortcuts: number[][] = [];
  /** The turn in which each state was entered last. */
  #entered = new Uint32Array(0);
  #turn = 0;

  /** Makes a state, which leads nowhere yet. */
  state(): number {
    this.#edges.push([]);
    this.#shortcuts.push([]);
    return this.#edges.length - 1;
  }

  addEdge(from: number, edge: Edge): void {
    this.#edges[from]!.push(edge);
  }

  addShortcut(from: number, to: number): void {
    this.#shortcuts[from]!.push(to);
  }

  edgesOf(state: number): readonly Edge[] {
    return this.#edges[state]!;
  }

  /** The states that one character leads to from any of these. */
  step(states: readonly number[], code: number): number[] {
    const next: number[] = [];
    this.#begin();
    for (const state of states) {
      for (const { characters, to } of this.#edges[state]!)
        if (hasCode(characters, code)) this.#enter(to, next);
    }
    return next;
  }

  /** These states, and those that they lead to without a character. */
  reach(states: readonly number[]): number[] {
    const reached: number[] = [];
    this.#begin();
    for (const state of states) this.#enter(state, reached);
    return reached;
  }

  #begin(): void {
    if (this.#entered.length < this.#edges.length || this.#turn === 0xffffffff) {
      this.#entered = new Uint32Array(this.#edges.length);
      this.#turn = 0;
    }
    this.#turn += 1;
  }

  #enter(state: number, into: number[]): void {
    if (this.#entered[state] === this.#turn) return;
    this.#entered[state] = this.#turn;
    into.push(state);
    for (const next of this.#shortcuts[state]!) this.#enter(next, into);
  }
}
