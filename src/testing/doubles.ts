import type { TricornApplication } from "../application.js";
import { isWrittenAsClass, type Class } from "../decorators/class.js";
import {
  Lifecycle,
  registrationsOf,
  tokenName,
  type Container,
  type InjectionToken,
} from "../decorators/container.js";
import { tsyringe } from "../decorators/tsyringe.js";
import { ConfigurationError } from "../errors.js";

/** What a test injects in the place of something else: a class, which is constructed as the original is, or a value. */
export type Double = readonly [token: InjectionToken, double: unknown];

/** Creates a container that inherits everything from another one, by default the global one, except the doubles. */
export function containerWith(doubles: readonly Double[], base: Container | undefined): Container {
  const original = base ?? tsyringe().container;
  const inside = original.createChildContainer();
  for (const [token, double] of doubles) {
    if (isWrittenAsClass(double)) {
      const lifecycle = registrationsOf(original, token).at(-1)?.lifecycle ?? Lifecycle.Transient;
      inside.register(token, { useClass: double as Class }, { lifecycle });
    } else {
      inside.register(token, { useValue: double });
    }
  }
  return inside;
}

/**
 * Checks that each double replaces something: one for a wrong token would leave the original in use.
 *
 * @throws ConfigurationError `ERR_TEST_DOUBLE`
 */
export function checkDoubles(doubles: readonly Double[], { injections }: TricornApplication): void {
  if (injections?.hasFactories === true) return;
  for (const [token] of doubles) {
    if (injections?.tokens.has(token) === true) continue;
    throw new ConfigurationError(
      "ERR_TEST_DOUBLE",
      `Cannot test application: nothing is injected with ${tokenName(token)}, so its double would have no effect`,
    );
  }
}
