/** A class that can be instantiated, whatever its constructor takes. */
export type Class<T extends object = object> = new (...args: never[]) => T;

/** The roles that a class can play. */
export type RoleKind = "responder" | "authorizer" | "filter";

/** The name of a member as it is shown in messages: `BookController.show`. */
export function memberName(owner: Class, key: string | symbol): string {
  return `${className(owner)}.${String(key)}`;
}

/** The name of a class as it is shown in messages. */
export function className(owner: unknown): string {
  if (typeof owner !== "function") return String(owner);
  return owner.name === "" ? "(anonymous class)" : owner.name;
}

/** Whether a value is a function that can be called with `new`, as far as one can tell without calling it. */
export function isClass(value: unknown): value is Class {
  return typeof value === "function" && typeof value.prototype === "object" && value.prototype !== null;
}

/** Returns the source text of a class and its superclasses: the same in each process that runs the same code. */
export function classText(owner: object): string {
  const texts: string[] = [];
  for (let current: unknown = owner; typeof current === "function" && current !== Function.prototype;) {
    texts.push(Function.prototype.toString.call(current));
    current = Object.getPrototypeOf(current);
  }
  return texts.join("\n");
}
