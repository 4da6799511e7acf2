import type { Exchange } from "../protocol/application-side/exchange.js";
import { Role } from "../protocol/constants.js";
import type { ActiveRequest } from "./reports.js";

/** Requests that are listed. */
const MOST_LISTED = 1_000;
/** The longest method and path that are shown, in characters: peers choose both, and a report goes through the master. */
const MOST_METHOD = 32;
const MOST_PATH = 200;
const CUT = "…";

/** Describes requests that a worker is answering, at most a thousand, oldest first. @param now of the clock of `performance` */
export function activeRequests(
  exchanges: Iterable<Pick<Exchange, "role" | "params" | "begunAt" | "observer">>,
  now: number,
): readonly ActiveRequest[] {
  const requests: ActiveRequest[] = [];
  for (const { role, params, begunAt, observer } of exchanges) {
    if (requests.length === MOST_LISTED) break;
    requests.push({
      role: nameOf(role),
      method: shortened(params.get("REQUEST_METHOD") ?? "", MOST_METHOD),
      path: shortened(pathOf(params), MOST_PATH),
      route: observer?.route,
      age: Math.round(now - begunAt),
    });
  }
  return requests.toSorted((a, b) => b.age - a.age);
}

/** Without the query, which may have secrets. */
function pathOf(params: Exchange["params"]): string {
  const target =
    params.get("REQUEST_URI") ?? `${params.get("SCRIPT_NAME") ?? ""}${params.get("PATH_INFO") ?? ""}`;
  return target.split("?", 1)[0]!;
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}${CUT}`;
}

function nameOf(role: number): string {
  for (const [name, number] of Object.entries(Role)) if (number === role) return name.toLowerCase();
  return String(role);
}
