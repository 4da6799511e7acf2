import type { ApplicationDescription } from "../application.js";
import type { FailureReport } from "../roles/failure.js";
import type { WorkerFailure } from "../supervisor/reports.js";

/** What a program serves. */
export interface ServedApplication {
  readonly description: ApplicationDescription;
  /** The path prefix that it is mounted at; "" for the root. */
  readonly mount: string;
  /** The absolute path of the folder that its filter bridge declares. */
  readonly filterRoot: string | undefined;
}

/** A message from a program to `tricorn dev`, which has started it. */
export type MessageOfProgram =
  /** The process waits for `load`; what is sent before is lost. */
  | { readonly kind: "waiting" }
  /** It serves, and listens on this address. */
  | { readonly kind: "serving"; readonly address: string; readonly application: ServedApplication }
  /** It cannot start. */
  | { readonly kind: "failed"; readonly failure: WorkerFailure }
  /** A request could not be completed. */
  | { readonly kind: "request failed"; readonly report: FailureReport };

/** A message from `tricorn dev` to a program. */
export type MessageToProgram =
  /** The process loads the program, for which it has waited. */
  | { readonly kind: "load" }
  /** It ends, as by SIGTERM, but never by a second one. */
  | { readonly kind: "stop" };
