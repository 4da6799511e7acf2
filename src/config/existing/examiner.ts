import type { RoutingPlan } from "../plan/plan.js";

/** Why something could not be seen. "refused": the program does not accept the configuration. */
export type UnseenReason = "no program" | "no file" | "not permitted" | "refused" | "other";

/** How a configuration on this machine is seen: as the caller, without changing anything. */
export interface ConfigurationView {
  /** Why the last thing that could not be seen was not; undefined if all was seen. */
  readonly unseenFor: UnseenReason | undefined;
  /** The output of a program that shows its configuration; undefined if it fails. */
  output(program: string, args: readonly string[]): Promise<string | undefined>;
  /** The text of a file; undefined if the caller cannot read it. */
  text(path: string): Promise<string | undefined>;
}

/** A line of a configuration. */
export interface Place {
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
}

/**
 * Something in an existing configuration that concerns the application. Its text names directives, paths, names, ports and sizes, and
 * never anything else of what was read: that may be a secret.
 */
export interface Finding {
  /** "stops": the server would not start, or a protected path would be open. "note": something is not as one may expect. */
  readonly weight: "stops" | "note";
  /** Undefined if it has no line. */
  readonly place: Place | undefined;
  readonly fact: string;
}

/** What an examiner found. */
export interface Examined {
  readonly findings: readonly Finding[];
  /** What it did not look at, such as "files that a root with a variable has". */
  readonly unseen: readonly string[];
}

/** What an examiner needs. */
export interface ExamineOptions {
  readonly plan: RoutingPlan;
  /** The Web server's main file. */
  readonly mainFile: string;
  readonly view: ConfigurationView;
}

/** Looks at the existing configuration of one Web server. */
export interface Examiner {
  /** The main file on Debian. */
  readonly mainFile: string;
  /** Undefined if nothing could be seen. */
  readonly examine: (options: ExamineOptions) => Promise<Examined | undefined>;
}
