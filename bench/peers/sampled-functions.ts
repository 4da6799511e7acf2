import { Session, type Runtime } from "node:inspector";

import type { Counter } from "./memory-counters.js";

/** Between samples; µs. */
const INTERVAL = 100;

/** A function that was running, as a key of the counts: its name, the address of its file, its line. */
function functionKey({ functionName, url, lineNumber }: Runtime.CallFrame): string {
  return [functionName, url, lineNumber].join("\t");
}

/** Samples which function runs, and returns the µs in which each one itself did. */
export function sampleFunctions(): Counter {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
  session.post("Profiler.start");
  return () => {
    const times: Record<string, number> = {};
    session.post("Profiler.stop", (error, stopped) => {
      if (error !== null) throw error;
      const { nodes, samples = [], timeDeltas = [] } = stopped.profile;
      const keys = new Map(nodes.map(({ id, callFrame }) => [id, functionKey(callFrame)]));
      for (const [at, id] of samples.entries()) {
        const key = keys.get(id)!;
        times[key] = (times[key] ?? 0) + timeDeltas[at]!;
      }
    });
    session.disconnect();
    return times;
  };
}
