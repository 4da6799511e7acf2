import { ConfigurationError } from "../errors.js";
import { OPTIONS } from "./option-names.js";

/** What stands in a message of a function that takes options. */
interface Subject {
  /** What it cannot do. */
  readonly cannot: string;
  /** Its name, where that is not the function's own. */
  readonly name?: string;
  /** How it is called with options, around `…`. */
  readonly call: string;
  /** Which functions may take an option that it does not have. */
  readonly others?: readonly Taker[];
}

/** A function that takes options. */
export type Taker = keyof typeof OPTIONS;

const SUBJECTS: { readonly [taker in Taker]: Subject } = {
  createApplication: {
    cannot: "create application",
    call: "createApplication({ … })",
    others: ["serve"],
  },
  serve: {
    cannot: "serve",
    call: "serve(application, address, { … })",
    others: ["createApplication"],
  },
  testApplication: {
    cannot: "test application",
    call: "testApplication(application, { … })",
    others: ["createApplication", "serve"],
  },
  testRequest: { cannot: "send request", name: "a request of a test", call: "respond(target, { … })" },
  testFile: { cannot: "send file", name: "a file of a test", call: "filter(target, { … })" },
  Gateway: { cannot: "make gateway", call: "new Gateway({ … })" },
  "Gateway.routes": { cannot: "make gateway", name: "its routes", call: "routes: { … }" },
  FastCgiClient: { cannot: "create client", call: "new FastCgiClient({ … })" },
  "@Responder": { cannot: "apply @Responder", call: "@Responder(prefix, { … })" },
  "@Authorizer": { cannot: "apply @Authorizer", call: "@Authorizer({ … })" },
  "@Filter": { cannot: "apply @Filter", call: "@Filter(globs, { … })" },
  route: { cannot: "apply route", name: "a route", call: "@Get(path, { … })" },
  nodeListener: { cannot: "adapt listener", call: "nodeListener(listener, { … })" },
  fetchHandler: { cannot: "adapt fetch function", call: "fetchHandler(fetch, { … })" },
  sendfile: { cannot: "send files", call: "sendfile({ … })" },
};

/**
 * Refuses options that a function does not have: one that is misspelt, or that another function takes, would have no effect.
 *
 * @throws ConfigurationError `ERR_OPTION` that says where the option belongs, or which one was meant
 */
export function refuseUnknownOptions(taker: Taker, options: object | undefined): void {
  // What is no object has none; what else is wrong with it is found elsewhere.
  if (typeof options !== "object" || options === null) return;
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
  const { cannot, name: who = taker } = SUBJECTS[taker];
  return new ConfigurationError(
    "ERR_OPTION",
    `Cannot ${cannot}: ${who} has no option ${name}; ${cureOf(taker, name)}`,
  );
}

function cureOf(taker: Taker, name: string): string {
  const last = name.slice(name.indexOf(".") + 1);
  for (const one of [taker, ...(SUBJECTS[taker].others ?? [])]) {
    const found = OPTIONS[one].find(
      (option) => option === name || option.endsWith(`.${last}`) || option === last,
    );
    if (found !== undefined) return placeOf(one, found);
  }
  const [nearest] = [...OPTIONS[taker]].sort((one, two) => distance(one, name) - distance(two, name));
  // Of a short name three letters are all there is.
  const most = Math.min(3, Math.ceil(name.length / 2));
  if (nearest !== undefined && distance(nearest, name) <= most) return `${nearest} is meant, perhaps`;
  return `it has ${OPTIONS[taker].filter((option) => !option.includes(".")).join(", ")}`;
}

function placeOf(taker: Taker, option: string): string {
  const [group = "", name] = option.split(".");
  const inside = name === undefined ? group : `${group}: { ${name} }`;
  return `write ${SUBJECTS[taker].call.replace("…", inside)}`;
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
