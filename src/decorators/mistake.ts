import { className } from "./class.js";

/** What a value is, and what to write instead. */
export interface Mistake {
  readonly fact: string;
  readonly cure: string;
}

const LISTENER = 'wrap it with nodeListener(…) from "tricorn/adapters"';
const FETCH_FUNCTION = 'wrap it with fetchHandler(…) from "tricorn/adapters"';

/**
 * Describes a value that was passed instead of a controller or a list of controllers: another framework's application,
 * an instance, a module. Frameworks are recognized by their methods, without loading them.
 */
export function mistakeOf(value: unknown): Mistake {
  if (value === undefined || value === null) {
    const cure = "check that its file exports it, and that the two files do not import each other";
    return { fact: String(value), cure };
  }
  if (typeof value === "function") return mistakenFunction(value);
  if (typeof value !== "object") return { fact: `a ${typeof value}`, cure: LIST };
  if (value instanceof Promise) return { fact: "a Promise", cure: "await it" };
  if (Object.prototype.toString.call(value) === "[object Module]") {
    const names = Object.entries(value).filter(([, member]) => typeof member === "function");
    const list = names.map(([name]) => name).join(", ");
    return { fact: "a whole module", cure: `list what it exports${list === "" ? "" : `: [${list}]`}` };
  }
  if (Array.isArray(value)) return { fact: "a nested list", cure: "spread it: [...list]" };
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  const fact = isPlain ? "a plain object" : `an instance of ${className(value.constructor)}`;
  if (has(value, "fetch"))
    return { fact, cure: isPlain ? `${FETCH_FUNCTION}: fetchHandler(object.fetch)` : FETCH_FUNCTION };
  if (has(value, "callback")) return { fact, cure: `${LISTENER}: nodeListener(app.callback())` };
  if (has(value, "routing"))
    return { fact, cure: `${LISTENER}: nodeListener(app.routing), after await app.ready()` };
  return { fact, cure: LIST };
}

const LIST = "list the controller classes themselves";

function mistakenFunction(value: object): Mistake {
  const name = (value as { name?: string }).name ?? "";
  // An Express application is a function.
  if (has(value, "handle") || has(value, "listen")) return { fact: "an Express application", cure: LISTENER };
  return {
    fact: name === "" ? "an unnamed function" : `the function ${name}`,
    cure: `wrap a node:http listener with nodeListener(…) or a fetch function with fetchHandler(…), both from "tricorn/adapters"; otherwise ${LIST}`,
  };
}

function has(value: object, method: string): boolean {
  return typeof Reflect.get(value, method) === "function";
}
