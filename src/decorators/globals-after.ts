// Evaluated after tsyringe, whose tslib 1 makes each of its functions a global variable (tslib 1.14.1, tslib.js). Nothing
// reads them there, they shadow other copies of tslib, and leak detectors of tests report them.
import { globalsBefore } from "./globals-before.js";

for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
  if (!name.startsWith("__") || typeof value !== "function") continue;
  const before = globalsBefore.get(name);
  if (before === undefined) Reflect.deleteProperty(globalThis, name);
  // A global of the same name existed before.
  else if (before.value !== value) Object.defineProperty(globalThis, name, before);
}
