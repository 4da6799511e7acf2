import type { Exchange } from "../protocol/application-side/exchange.js";

/** Takes over a request whose PARAMS have ended: answers it, or refuses it. */
export type Dispatch = (exchange: Exchange) => void;

/**
 * One stop of a request between its listener and its role. A door answers the request, refuses it, or calls `next` with it:
 * at once, or later if the request has not ended by then. A door never throws.
 */
export type Door = (exchange: Exchange, next: Dispatch) => void;

/** Puts doors before a dispatch, the first outermost. Without doors it returns the dispatch itself. */
export function throughDoors(doors: readonly Door[], dispatch: Dispatch): Dispatch {
  return doors.reduceRight<Dispatch>((next, door) => (exchange) => door(exchange, next), dispatch);
}
