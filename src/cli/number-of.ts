import { UsageError } from "./usage-error.js";

/** The value of an option that is a number. */
export interface NumberArgument {
  /** The name of the option, without its hyphens. */
  readonly name: string;
  readonly text: unknown;
  /** What it is multiplied by. */
  readonly unit?: number;
  /** Whether 0 is a value. */
  readonly isZeroAllowed?: boolean;
}

/**
 * Parses the value of an option as a number; undefined if the option is not given.
 *
 * @throws UsageError
 */
export function numberOf({
  name,
  text,
  unit = 1,
  isZeroAllowed = false,
}: NumberArgument): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  const isLarge = isZeroAllowed ? number >= 0 : number > 0;
  if (typeof text === "string" && /^\d+(?:\.\d+)?$/.test(text) && isLarge) return number * unit;
  throw new UsageError(
    `--${name} is ${JSON.stringify(text)}, not a number ${isZeroAllowed ? "of 0 or more" : "above 0"}`,
  );
}
