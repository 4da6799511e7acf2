import type { core } from "zod";

/** The functions of zod, which are the same for schemas of zod itself and of zod/mini. */
export type Zod = typeof core;

let loaded: Zod | undefined;
let loading: Promise<Zod> | undefined;

/**
 * Loads zod, once. Only an application that has a schema needs it, and whoever made the schema has loaded it already; with
 * its messages in all languages it is as large as the rest that an application loads.
 */
export function loadZod(): Promise<Zod> {
  return (loading ??= load());
}

async function load(): Promise<Zod> {
  loaded = await import("zod/v4/core");
  return loaded;
}

/** Zod, where {@link loadZod} has loaded it. */
export function loadedZod(): Zod | undefined {
  return loaded;
}
