import { parseArgs } from "node:util";

/** The options of a run. */
export interface Options {
  /** The cases whose names contain one of these; defaults to all. */
  readonly cases: readonly string[];
  /** The contenders whose names contain one of these, and Tricorn; defaults to all. */
  readonly peers: readonly string[];
  /** Slices of each contender. */
  readonly rounds: number;
  /** Whether servers run only the chosen cases, and only Tricorn is counted. */
  readonly quick: boolean;
  /** Whether Tricorn is profiled in the chosen cases instead. */
  readonly profile: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP = `npm run bench -- [options]

Compares Tricorn with its alternatives, all in one run. Only ratios and counts count: the times depend on the machine.

  --case NAME      only the case NAME, or those whose names contain it; may be repeated
  --peer NAME      only Tricorn and contenders whose name contains NAME; may be repeated
  --rounds N       slices of each contender in each case, default 12, or 7 with --quick
  --quick          for work on one case: servers do not run all other cases before, and only Tricorn's collections,
                   allocations and system calls are counted; such results are not saved
  --profile        show in which functions Tricorn's time is spent, instead of comparing
  --list           list the names of the cases
  --help           this text

Results go to bench/results/: latest.json and chart.svg. \`npm run docs:performance\` writes docs/performance.md from them.`;

/** Parses the command line; throws an Error with the reason if it is invalid. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: "string", multiple: true, default: [] },
      peer: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { quick, profile, list, help } = values;
  const rounds = Number(values.rounds ?? (quick ? 7 : 12));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error("Cannot run: --rounds must be a positive integer");
  return { cases: values.case, peers: values.peer, rounds, quick, profile, list, help };
}
