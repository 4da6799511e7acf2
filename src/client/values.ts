import { ValueName } from "../protocol/constants.js";

/** The values of a GET_VALUES_RESULT (section 4.1). */
export type Values = ReadonlyMap<string, string>;

/** The names that the specification defines. */
export const VALUE_NAMES: readonly string[] = Object.values(ValueName);

/** Adds the values of one more record. Names that were not requested are ignored. */
export function mergeValues(known: Values, added: Values | undefined): Values {
  if (added === undefined || added.size === 0) return known;
  return new Map([...known, ...added].filter(([name]) => VALUE_NAMES.includes(name)));
}

/** What an application has reported about itself on one connection. Until it has, a connection takes one request at a time. */
export class ReportedValues {
  #values: Values = new Map();
  #changed = false;
  /** Whether a result arrived before the response to the request after it: as soon as the connection was accepted. */
  atOnce = false;

  /** A result has arrived. */
  add(values: Values | undefined): void {
    this.#values = mergeValues(this.#values, values);
    this.#changed = true;
  }

  /** Whether a result has arrived since the last call. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** How many requests may share a connection: 1 unless FCGI_MPXS_CONNS is exactly "1", then FCGI_MAX_REQS. */
  get requestsPerConnection(): number {
    if (this.#values.get(ValueName.MpxsConns) !== "1") return 1;
    const requests = this.#values.get(ValueName.MaxReqs);
    return requests === undefined ? Infinity : (parseCount(requests) ?? 1);
  }

  /** How many connections the application accepts (FCGI_MAX_CONNS); Infinity if unknown. */
  get maxConnections(): number {
    return parseCount(this.#values.get(ValueName.MaxConns)) ?? Infinity;
  }
}

function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const count = Number(text);
  return count > 0 ? count : undefined;
}
