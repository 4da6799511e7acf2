// Evaluated behind tsyringe, whose tslib 1 makes each of its functions a global variable (tslib 1.14.1, tslib.js). Nobody
// reads them there; other copies of tslib would be shadowed by them, and tests that look for leaks find them.
import { globalsBefore } from "./globals-before.js";

for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
  if (!name.startsWith("__") || typeof value !== "function") continue;
  const before = globalsBefore.get(name);
  if (before === undefined) Reflect.deleteProperty(globalThis, name);
  // Somebody had put one of the same name there.
  else if (before.value !== value) Object.defineProperty(globalThis, name, before);
}
