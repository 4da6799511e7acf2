import { className } from "./class.js";

/** A value in words, and what to write instead. */
export interface Mistake {
  readonly fact: string;
  readonly cure: string;
}

const LISTENER = 'wrap it by nodeListener(…) of "tricorn/adapters"';
const FETCHED = 'wrap it by fetchHandler(…) of "tricorn/adapters"';

/**
 * What somebody has taken for a controller, or for a list of them: another library's application, an instance, a module.
 * It is told by its form, because no other library is loaded for that.
 */
export function mistakeOf(value: unknown): Mistake {
  if (value === undefined || value === null) {
    const cure =
      "see whether its file exports it, and whether the two files import each other: until both have run, one sees nothing";
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
  if (Array.isArray(value)) return { fact: "a list within the list", cure: "spread it: [...list]" };
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  const fact = isPlain ? "a plain object" : `an instance of ${className(value.constructor)}`;
  if (has(value, "fetch"))
    return { fact, cure: isPlain ? `${FETCHED}: fetchHandler(object.fetch)` : FETCHED };
  if (has(value, "callback")) return { fact, cure: `${LISTENER}: nodeListener(app.callback())` };
  if (has(value, "routing"))
    return { fact, cure: `${LISTENER}: nodeListener(app.routing), after await app.ready()` };
  return { fact, cure: LIST };
}

const LIST = "list the controller classes themselves";

function mistakenFunction(value: object): Mistake {
  const name = (value as { name?: string }).name ?? "";
  // Express makes a function of each application.
  if (has(value, "handle") || has(value, "listen")) return { fact: "an Express application", cure: LISTENER };
  return {
    fact: name === "" ? "the function without a name" : `the function ${name}`,
    cure: `a listener of node:http is wrapped by nodeListener(…), a fetch function by fetchHandler(…), both of "tricorn/adapters"; else ${LIST}`,
  };
}

function has(value: object, method: string): boolean {
  return typeof Reflect.get(value, method) === "function";
}

/** Whether a function was written as a class. Those of old compilers are told by what their decorators wrote down. */
export function isWrittenAsClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}
