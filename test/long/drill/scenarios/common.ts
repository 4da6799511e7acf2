import { runDrill, type DrillOptions } from "../drill.js";
import { findingsOf, unnoticed, type Group, type Scenario } from "../scenario.js";
import { tricorn } from "../targets/tricorn.js";

/** The load of most drills. */
export const usualMix = { get: 55, post: 30, slow: 12, stream: 3 } as const;

/** Requests a second. */
export const USUAL_RATE = 150;

/** What most drills have in common: two workers behind 16 kept connections over a unix socket. */
export const usual = {
  target: tricorn,
  workers: 2,
  over: "unix",
  keep: 16,
  shape: { kind: "open", rate: USUAL_RATE },
  mix: usualMix,
} as const satisfies Partial<DrillOptions>;

/** A drill and what is asserted of it. */
export interface DrillScenario
  extends
    Omit<DrillOptions, "programs" | keyof typeof usual>,
    Partial<Pick<DrillOptions, keyof typeof usual>> {
  readonly group: Group;
  readonly name: string;
  readonly limits?: Scenario["limits"];
  readonly idleLimits?: Scenario["idleLimits"];
  /** Numbers beside those of every drill. */
  readonly more?: (record: Awaited<ReturnType<typeof runDrill>>) => Readonly<Record<string, number>>;
}

/** A scenario that is one drill. */
export function drillScenario(options: DrillScenario): Scenario {
  const { group, name, limits = unnoticed, idleLimits, more, ...drill } = options;
  return {
    group,
    name,
    limits,
    ...(idleLimits !== undefined && { idleLimits }),
    run: async ({ programs }) => {
      const whole = { ...usual, ...drill, programs };
      const record = await runDrill(whole);
      const { numbers, facts } = findingsOf(record, whole.workers);
      return { numbers: { ...numbers, ...more?.(record) }, ...(facts !== undefined && { facts }) };
    },
  };
}
