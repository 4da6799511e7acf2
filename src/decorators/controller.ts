import { ConfigurationError } from "../errors.js";
import type { Middleware } from "../roles/middleware.js";
import type { Definition } from "../roles/definitions.js";
import { addPlace } from "../diagnostics/caller.js";
import type { Instances } from "./call.js";
import type { CheckedRoute } from "./check-routes.js";
import { classChain, className, isClass, isWrittenAsClass, type Class } from "./class.js";
import {
  inheritedMethods,
  inheritedMiddleware,
  ownMetadata,
  type MethodMetadata,
  type RoleMetadata,
} from "./metadata.js";
import { mistakeOf } from "./mistake.js";

/** A class with its one role, and the metadata of its own decorators and those of its base classes. */
export interface Controller {
  readonly owner: Class;
  readonly role: RoleMetadata;
  readonly members: ReadonlyMap<string | symbol, MethodMetadata>;
  readonly middleware: readonly Middleware[];
}

/** A controller that passed its checks but has no instance yet. */
export interface CheckedController {
  readonly routes: readonly CheckedRoute[];
  readonly define: (instances: Instances) => Definition;
}

/**
 * Reads the controllers of an application.
 *
 * @throws ConfigurationError `ERR_CONTROLLER`, `ERR_CONTROLLER_TWICE`, `ERR_ROLE_MISSING`, `ERR_ROLE_TWICE`
 */
export function readControllers(classes: readonly unknown[]): Controller[] {
  const seen = new Set<unknown>();
  return classes.map((owner, index) => {
    if (!isClass(owner) || !(isWrittenAsClass(owner) || [...classChain(owner)].some(ownMetadata))) {
      const { fact, cure } = mistakeOf(owner);
      throw new ConfigurationError(
        "ERR_CONTROLLER",
        `Cannot compile controllers: item ${index + 1} of the list is ${fact}, not a class; ${cure}`,
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
      members: inheritedMethods(owner),
      middleware: inheritedMiddleware(owner),
    };
  });
}

function roleOf(owner: Class): RoleMetadata {
  const [role, second] = ownMetadata(owner)?.roles ?? [];
  if (role === undefined) {
    const base = [...classChain(owner)].find((ancestor) => ownMetadata(ancestor)?.roles.length);
    const fact =
      base === undefined
        ? "it has no role"
        : `it has no role, and the role of ${className(base)} is not inherited`;
    throw new ConfigurationError(
      "ERR_ROLE_MISSING",
      `Cannot compile ${className(owner)}: ${fact}; decorate it with @Responder, @Authorizer or @Filter`,
    );
  }
  if (second !== undefined) {
    // Decorators run last to first.
    const both = `${second.decorator} and ${role.decorator}`;
    const error = new ConfigurationError(
      "ERR_ROLE_TWICE",
      `Cannot compile ${className(owner)}: it has both ${both}; split it into two classes`,
    );
    addPlace(error, second.caller);
    throw error;
  }
  return role;
}
