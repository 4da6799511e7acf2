import { ConfigurationError } from "../errors.js";

/** npm's limit for the name of a package. */
const LENGTH_LIMIT = 214;

/** A name that npm accepts, without scope; letters are lower case. */
const PLAIN = /^[a-z0-9][a-z0-9._-]*$/;
const SCOPED = /^@[a-z0-9][a-z0-9._-]*\/[a-z0-9][a-z0-9._-]*$/;

/** Names that npm refuses. */
const REFUSED = new Set(["node_modules", "favicon.ico"]);

/**
 * Derives the name of a package from that of its folder: `My Hats` becomes `my-hats`. A package cannot have the name of one of its
 * dependencies, so `zod` becomes `zod-app`.
 */
export function packageNameOf(folder: string, dependencies: readonly string[]): string {
  const name = folder
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, "-")
    .replaceAll(/^[._-]+|[._-]+$/g, "")
    .slice(0, LENGTH_LIMIT - "-app".length);
  if (name === "") return "app";
  return dependencies.includes(name) || REFUSED.has(name) ? `${name}-app` : name;
}

/**
 * Checks the name of a package that the user chose.
 *
 * @throws ConfigurationError `ERR_PROJECT_NAME`
 */
export function checkPackageName(name: string, dependencies: readonly string[]): void {
  const fact = faultOf(name, dependencies);
  if (fact === undefined) return;
  throw new ConfigurationError(
    "ERR_PROJECT_NAME",
    `Cannot name a package ${JSON.stringify(name)}: ${fact}; choose one such as "my-hats"`,
  );
}

function faultOf(name: string, dependencies: readonly string[]): string | undefined {
  if (dependencies.includes(name)) return "the project depends on the package of that name";
  if (REFUSED.has(name)) return "npm refuses this name";
  if (name.length > LENGTH_LIMIT) return `it is longer than ${LENGTH_LIMIT} characters`;
  if (PLAIN.test(name) || SCOPED.test(name)) return undefined;
  return 'it has other characters than "a" to "z", digits, ".", "_" and "-", or begins with one of the last three';
}
