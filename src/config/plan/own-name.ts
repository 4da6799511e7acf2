import { ConfigurationError } from "../../errors.js";
import type { Deployment } from "../deployment.js";

/**
 * A name in a configuration that others have written, too: `tricorn-hats_app` for "hats" at "/app". Deployments of different names
 * or mounts have different ones. It has only letters, digits, `-` and `_`.
 */
export function ownName({ name, mount }: Pick<Deployment, "name" | "mount">): string {
  return `tricorn-${name}${encodeName(mount, /[^a-z0-9-]/g)}`;
}

/** The same for languages whose variables have no `-` and ignore case: `tricorn_hats_app`. */
export function ownVariable({ name, mount }: Pick<Deployment, "name" | "mount">): string {
  return `tricorn_${encodeName(name + mount, /[^a-z0-9]/g)}`;
}

/** A slash is "_", another character of `special` is "__" and its code. No segment of a mount is empty, so this is unambiguous. */
function encodeName(text: string, special: RegExp): string {
  return text.replaceAll(special, (character) =>
    character === "/" ? "_" : `__${character.charCodeAt(0).toString(16)}`,
  );
}

/**
 * Checks that a deployment can be a part of a site: it has a mount, and the site itself has the TLS.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT`
 */
export function requirePart({ mount, tls }: Deployment, server: string): void {
  if (mount === "") {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write a part of a site for ${server}: it needs a mount; add --mount /app, or write a whole server without --into`,
    );
  }
  if (tls.certificate !== undefined) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write a part of a site for ${server}: tls.certificate is for a whole server; the site has its own`,
    );
  }
}
