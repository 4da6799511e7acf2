import { ConfigurationError } from "./errors.js";

/** Options by the function that takes them; `limits.` and `timeouts.` stand before those of a group. */
const OPTIONS = {
  createApplication: [
    "controllers",
    "definitions",
    "middleware",
    "log",
    "stderr",
    "container",
    "mount",
    "timeouts",
    "timeouts.handler",
    "timeouts.authorizer",
    "limits",
    "limits.headBytes",
    "limits.headFields",
    "secrets",
  ],
  serve: [
    "signals",
    "bridges",
    "vouchesFor",
    "log",
    "allowedPeers",
    "socketAccess",
    "timeouts",
    "timeouts.params",
    "timeouts.body",
    "timeouts.send",
    "timeouts.abortGrace",
    "timeouts.halfClosed",
    "timeouts.idle",
    "timeouts.drain",
    "timeouts.shutdown",
    "limits",
    "limits.connections",
    "limits.requests",
    "limits.requestsPerConnection",
    "limits.paramsBytes",
    "limits.paramsCount",
    "limits.paramNameBytes",
    "limits.paramValueBytes",
    "limits.bodyBytes",
    "limits.bufferedPerRequest",
    "limits.bufferedPerConnection",
    "limits.bufferedPerServer",
    "limits.drainBytes",
  ],
} as const;

/** A function that takes options. */
export type Taker = keyof typeof OPTIONS;

/**
 * Refuses options that a function does not have: one that is misspelt, or that another function takes, would have no effect.
 *
 * @throws ConfigurationError `ERR_OPTION` that says where the option belongs, or which one was meant
 */
export function refuseUnknownOptions(taker: Taker, options: object): void {
  const known: readonly string[] = OPTIONS[taker];
  for (const name of namesIn(options)) if (!known.includes(name)) throw unknownOption(taker, name);
}

function namesIn(options: object): readonly string[] {
  const names: string[] = [];
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    names.push(name);
    const isGroup = (name === "timeouts" || name === "limits") && typeof value === "object" && value !== null;
    if (isGroup) for (const inner of Object.keys(value)) names.push(`${name}.${inner}`);
  }
  return names;
}

function unknownOption(taker: Taker, name: string): ConfigurationError {
  const cannot = taker === "serve" ? "Cannot serve" : "Cannot create application";
  return new ConfigurationError(
    "ERR_OPTION",
    `${cannot}: ${taker} has no option ${name}; ${cureOf(taker, name)}`,
  );
}

function cureOf(taker: Taker, name: string): string {
  const last = name.slice(name.indexOf(".") + 1);
  const other: Taker = taker === "serve" ? "createApplication" : "serve";
  for (const one of [taker, other]) {
    const found = OPTIONS[one].find(
      (option) => option === name || option.endsWith(`.${last}`) || option === last,
    );
    if (found !== undefined) return placeOf(one, found);
  }
  const [nearest] = [...OPTIONS[taker]].sort((one, two) => distance(one, name) - distance(two, name));
  if (nearest !== undefined && distance(nearest, name) <= 3) return `${nearest} is meant, perhaps`;
  return `it has ${OPTIONS[taker].filter((option) => !option.includes(".")).join(", ")}`;
}

function placeOf(taker: Taker, option: string): string {
  const [group = "", name] = option.split(".");
  const inside = name === undefined ? group : `${group}: { ${name} }`;
  const call =
    taker === "serve" ? `serve(application, address, { ${inside} })` : `createApplication({ ${inside} })`;
  return `write ${call}`;
}

/** How many letters have to be changed, added or left out (Levenshtein). Names are short, and written by the user. */
function distance(one: string, two: string): number {
  let row = Array.from({ length: two.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= two.length; j += 1) {
      const change = row[j - 1]! + (one[i - 1] === two[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[two.length]!;
}
