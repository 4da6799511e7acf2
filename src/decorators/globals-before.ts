// Evaluated in front of tsyringe: see globals-after.ts.

/** The global properties that were there before tsyringe was loaded. */
export const globalsBefore: ReadonlyMap<string, PropertyDescriptor> = new Map(
  Object.entries(Object.getOwnPropertyDescriptors(globalThis)),
);
