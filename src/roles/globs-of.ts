import { ConfigurationError } from "../errors.js";

/**
 * The globs of a definition.
 *
 * @throws ConfigurationError `ERR_CONTROLLER` if they are no list of texts, as JavaScript can pass them
 */
export function globsOf({
  name,
  paths,
}: {
  readonly name: string;
  readonly paths: readonly string[];
}): readonly string[] {
  if (Array.isArray(paths) && paths.every((glob) => typeof glob === "string")) return paths;
  const given = typeof paths === "string" ? `; write paths: [${JSON.stringify(paths)}]` : "";
  throw new ConfigurationError(
    "ERR_CONTROLLER",
    `Cannot compile ${name}: its paths are not a list of globs${given}`,
  );
}
