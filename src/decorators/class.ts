/** A class that can be instantiated, with any constructor parameters. */
export type Class<T extends object = object> = new (...args: never[]) => T;

/** The roles that a class can have. */
export type RoleKind = "responder" | "authorizer" | "filter";

/** The name of a member for messages: `BookController.show`. */
export function memberName(owner: Class, key: string | symbol): string {
  return `${className(owner)}.${String(key)}`;
}

/** The name of a class for messages. */
export function className(owner: unknown): string {
  if (typeof owner !== "function") return String(owner);
  return owner.name === "" ? "(anonymous class)" : owner.name;
}

/** Whether a value is a function with a prototype, so that it can be called with `new`. */
export function isClass(value: unknown): value is Class {
  return typeof value === "function" && typeof value.prototype === "object" && value.prototype !== null;
}

/** Whether a function was written as a class. The output of compilers that target ES5 is recognized by its metadata only. */
export function isWrittenAsClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** A class and its base classes, nearest first. */
export function* classChain(owner: Class): Generator<Class, void, undefined> {
  for (
    let current: unknown = owner;
    typeof current === "function" && current !== Function.prototype;
    current = Object.getPrototypeOf(current)
  ) {
    yield current as Class;
  }
}

/** The source text of a class and its base classes: the same in each process that runs the same code. */
export function classText(owner: Class): string {
  return Array.from(classChain(owner), (ancestor) => Function.prototype.toString.call(ancestor)).join("\n");
}
