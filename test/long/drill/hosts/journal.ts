import { readFileSync } from "node:fs";

/** The trace id of a request of the load. */
export function traceOf(request: number): string {
  return `d${request.toString(16).padStart(31, "0")}`;
}

/** What hosts have noted of their requests. */
export class Journals {
  readonly #paths: readonly string[];

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Requests that a host has begun, and has not ended. */
  activeOn(host: number): number {
    const lines = linesOf(this.#paths[host]!);
    return (
      lines.filter(({ what }) => what === "begin").length - lines.filter(({ what }) => what === "end").length
    );
  }

  /** How many requests with a method have come to an application more than once. */
  repeated(method: "GET" | "POST"): number {
    const counts = new Map<string, number>();
    for (const { what, ...line } of this.#paths.flatMap(linesOf)) {
      if (what !== "begin" || line.method !== method || isGuarded(line)) continue;
      counts.set(line.trace, (counts.get(line.trace) ?? 0) + 1);
    }
    return [...counts.values()].filter((count) => count > 1).length;
  }
}

/** An authorizer is asked about it first, in a request of its own. */
function isGuarded({ path }: Pick<Line, "path">): boolean {
  return path.startsWith("/members/");
}

interface Line {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly trace: string;
}

function linesOf(path: string): Line[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [what = "", method = "", path = "", trace = ""] = line.split(" ");
      return { what, method, path, trace };
    });
}
