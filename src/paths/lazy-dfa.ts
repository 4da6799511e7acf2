import type { Automaton } from "./automaton.js";

/** Where a walk begins and where it shall end. */
export interface Ends {
  readonly from: number;
  readonly to: number;
}

/** The states that a text has led to, and where its next character leads, as far as that was seen. */
interface Place {
  readonly states: readonly number[];
  readonly isEnd: boolean;
  /** By the code of a character of ASCII. */
  readonly next: (Place | undefined)[];
}

/** How many places are remembered. Paths are chosen by clients, so there must be an end to it. */
const MAX_PLACES = 200;
const ASCII = 0x80;

/**
 * Tells whether a text leads from one state of an automaton to another. It is in many states at once, and so reads each
 * character once: its time is linear in the text, whatever the text is. The places that it comes by are remembered, since
 * most paths lead to the same ones.
 */
export class Walk {
  readonly #automaton: Automaton;
  readonly #end: number;
  readonly #from: number;
  #places = new Map<string, Place>();
  #start: Place | undefined;

  constructor(automaton: Automaton, { from, to }: Ends) {
    this.#automaton = automaton;
    this.#from = from;
    this.#end = to;
  }

  leads(text: string): boolean {
    let place = (this.#start ??= this.#place(this.#automaton.reach([this.#from])));
    for (let at = 0; at < text.length; at += 1) {
      const code = text.codePointAt(at)!;
      if (code > 0xffff) at += 1;
      place = (code < ASCII ? place.next[code] : undefined) ?? this.#step(place, code);
      if (place.states.length === 0) return false;
    }
    return place.isEnd;
  }

  #step(place: Place, code: number): Place {
    const next = this.#place(this.#automaton.step(place.states, code));
    if (code < ASCII) place.next[code] = next;
    return next;
  }

  #place(states: number[]): Place {
    const key = states.sort((a, b) => a - b).join();
    let place = this.#places.get(key);
    if (place !== undefined) return place;
    if (this.#places.size >= MAX_PLACES) {
      this.#places = new Map();
      this.#start = undefined;
    }
    place = { states, isEnd: states.includes(this.#end), next: Array.from<undefined>({ length: ASCII }) };
    this.#places.set(key, place);
    return place;
  }
}
