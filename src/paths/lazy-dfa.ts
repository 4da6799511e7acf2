import type { Automaton } from "./automaton.js";

/** The start and end state of the texts to accept. */
export interface Ends {
  readonly from: number;
  readonly to: number;
}

/** A state of the DFA: a set of states of the automaton, and the transitions that were needed so far. */
interface DfaState {
  readonly states: readonly number[];
  readonly isEnd: boolean;
  /** By ASCII code. */
  readonly next: (DfaState | undefined)[];
}

/** The most cached states. Clients choose the paths, so the cache must be bounded. */
const MAX_STATES = 200;
const ASCII = 0x80;

/**
 * Reports whether a text leads from one state of an automaton to another, in time linear in the text: it follows all states
 * at once, as a DFA that is built on demand, and caches its states, because most paths reach the same ones.
 */
export class LazyDfa {
  readonly #automaton: Automaton;
  readonly #end: number;
  readonly #from: number;
  #states = new Map<string, DfaState>();
  #start: DfaState | undefined;

  constructor(automaton: Automaton, { from, to }: Ends) {
    this.#automaton = automaton;
    this.#from = from;
    this.#end = to;
  }

  /** Whether the whole text leads to the end state. */
  accepts(text: string): boolean {
    let state = (this.#start ??= this.#stateOf(this.#automaton.closure([this.#from])));
    for (let at = 0; at < text.length; at += 1) {
      const code = text.codePointAt(at)!;
      if (code > 0xffff) at += 1;
      state = (code < ASCII ? state.next[code] : undefined) ?? this.#step(state, code);
      if (state.states.length === 0) return false;
    }
    return state.isEnd;
  }

  #step(state: DfaState, code: number): DfaState {
    const next = this.#stateOf(this.#automaton.step(state.states, code));
    if (code < ASCII) state.next[code] = next;
    return next;
  }

  #stateOf(states: number[]): DfaState {
    const key = states.sort((a, b) => a - b).join();
    let state = this.#states.get(key);
    if (state !== undefined) return state;
    if (this.#states.size >= MAX_STATES) {
      this.#states = new Map();
      this.#start = undefined;
    }
    state = { states, isEnd: states.includes(this.#end), next: Array.from<undefined>({ length: ASCII }) };
    this.#states.set(key, state);
    return state;
  }
}
