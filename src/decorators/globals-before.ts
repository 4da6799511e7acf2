// Evaluated before tsyringe: see globals-after.ts. These are two files because a module is evaluated once, at the place of
// its first import.

/** The global properties before tsyringe was loaded. */
export const globalsBefore: ReadonlyMap<string, PropertyDescriptor> = new Map(
  Object.entries(Object.getOwnPropertyDescriptors(globalThis)),
);
