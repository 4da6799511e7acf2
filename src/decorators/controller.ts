import { ConfigurationError } from "../errors.js";
import type { Middleware } from "../roles/middleware.js";
import { addPlace } from "../diagnostics/caller.js";
import { className, isClass, type Class } from "./class.js";
import type { MemberMarks, RoleMark } from "./marks.js";
import { isWrittenAsClass, mistakeOf } from "./mistaken-part.js";
import { classChain, inheritedMembers, inheritedMiddleware, ownMarks } from "./metadata.js";

/** A class with the one role that it plays, and all that its decorators and those of its base classes wrote down. */
export interface Controller {
  readonly owner: Class;
  readonly role: RoleMark;
  readonly members: ReadonlyMap<string | symbol, MemberMarks>;
  readonly middleware: readonly Middleware[];
}

/**
 * Reads the controllers of an application.
 *
 * @throws ConfigurationError `ERR_CONTROLLER`, `ERR_CONTROLLER_TWICE`, `ERR_ROLE_MISSING`, `ERR_ROLE_TWICE`
 */
export function readControllers(classes: readonly unknown[]): Controller[] {
  const seen = new Set<unknown>();
  return classes.map((owner, index) => {
    if (!isClass(owner) || !(isWrittenAsClass(owner) || [...classChain(owner)].some(ownMarks))) {
      const { fact, cure } = mistakeOf(owner);
      throw new ConfigurationError(
        "ERR_CONTROLLER",
        `Cannot compile controllers: ${fact} is no class, number ${index + 1} of the list; ${cure}`,
      );
    }
    if (seen.has(owner)) {
      throw new ConfigurationError(
        "ERR_CONTROLLER_TWICE",
        `Cannot compile ${className(owner)}: it is listed twice; list each controller once`,
      );
    }
    seen.add(owner);
    return {
      owner,
      role: roleOf(owner),
      members: inheritedMembers(owner),
      middleware: inheritedMiddleware(owner),
    };
  });
}

function roleOf(owner: Class): RoleMark {
  const [role, second] = ownMarks(owner)?.roles ?? [];
  if (role === undefined) {
    const base = [...classChain(owner)].find((ancestor) => ownMarks(ancestor)?.roles.length);
    const fact =
      base === undefined
        ? "it plays no role"
        : `it plays no role, the one of ${className(base)} is not inherited`;
    throw new ConfigurationError(
      "ERR_ROLE_MISSING",
      `Cannot compile ${className(owner)}: ${fact}; decorate it with @Responder, @Authorizer or @Filter`,
    );
  }
  if (second !== undefined) {
    // Decorators run from the last to the first.
    const both = `${second.decorator} and ${role.decorator}`;
    const error = new ConfigurationError(
      "ERR_ROLE_TWICE",
      `Cannot compile ${className(owner)}: it has both ${both}; make it two classes`,
    );
    addPlace(error, second.caller);
    throw error;
  }
  return role;
}
