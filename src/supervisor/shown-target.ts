import { loggablePath } from "../log/loggable-path.js";

/** The longest method and path that are shown, in characters: peers choose both, and a report goes through the master. */
const MOST_METHOD = 32;
const MOST_PATH = 200;
const CUT = "…";

/** A method as reports have it. */
export function shownMethod(method: string): string {
  return shortened(method, MOST_METHOD);
}

/** The path of a request target as reports have it: without what may be secret. */
export function shownPath(target: string): string {
  return shortened(loggablePath(target), MOST_PATH);
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}${CUT}`;
}
