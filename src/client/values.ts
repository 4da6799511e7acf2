import { ValueName } from "../protocol/constants.js";

/** What an application said of itself in GET_VALUES_RESULT (section 4.1). */
export type Values = ReadonlyMap<string, string>;

/** The names that the specification has. */
export const VALUE_NAMES: readonly string[] = Object.values(ValueName);

/** What is known behind a further record of an answer. Names that were not asked for are left out. */
export function merged(known: Values, further: Values | undefined): Values {
  if (further === undefined || further.size === 0) return known;
  return new Map([...known, ...further].filter(([name]) => VALUE_NAMES.includes(name)));
}

/** How many requests may share a connection: 1 unless FCGI_MPXS_CONNS is exactly "1", then up to FCGI_MAX_REQS. */
export function requestsPerConnectionIn(values: Values | undefined): number {
  if (values?.get(ValueName.MpxsConns) !== "1") return 1;
  const requests = values.get(ValueName.MaxReqs);
  return requests === undefined ? Infinity : (countIn(requests) ?? 1);
}

/** How many connections the application takes (FCGI_MAX_CONNS); Infinity where it does not say. */
export function maxConnectionsIn(values: Values | undefined): number {
  return countIn(values?.get(ValueName.MaxConns)) ?? Infinity;
}

function countIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const count = Number(text);
  return count > 0 ? count : undefined;
}
