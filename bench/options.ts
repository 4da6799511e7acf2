import { parseArgs } from "node:util";

/** The options of a run. */
export interface Options {
  /** The cases whose names contain one of these; defaults to all. */
  readonly cases: readonly string[];
  /** The contenders whose names contain one of these, and Tricorn; defaults to all. */
  readonly peers: readonly string[];
  readonly rounds: number;
  /** The time per contender and round; s. */
  readonly seconds: number;
  readonly list: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP = `npm run bench -- [options]

Compares Tricorn with its alternatives, all in one run. Only ratios count: the figures depend on the machine.

  --case NAME      only the case NAME, or those whose names contain it; may be repeated
  --peer NAME      only Tricorn and contenders whose name contains NAME; may be repeated
  --rounds N       rounds of each case, default 7; unstable ratios get up to twice as many
  --seconds N      how long each contender is measured in a round, default 0.5
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
      rounds: { type: "string", default: "7" },
      seconds: { type: "string", default: "0.5" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error("Cannot run: --rounds must be a positive integer");
  if (!(seconds > 0 && seconds <= 60))
    throw new Error("Cannot run: --seconds must be more than 0 and at most 60");
  return { cases: values.case, peers: values.peer, rounds, seconds, list: values.list, help: values.help };
}
