import { inspect, types } from "node:util";
import type { Logger } from "pino";

import { TricornError, type AbortedError } from "../errors.js";
import { logSafely } from "../log/log-safely.js";
import { isOwnFailure, withoutOwnFrames } from "../log/own-frames.js";
import { maskParams } from "../log/mask-params.js";
import { roleName } from "../protocol/constants.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import type { LogBudgets } from "../log/log-budgets.js";
import { oneLine, redact } from "../log/redact.js";
import type { StderrLines } from "../log/stderr-lines.js";

/** What failed, and where to report it. */
export interface FailureFacts {
  readonly exchange: Exchange;
  readonly log: Logger;
  /** `GET /books/:id`, or the name of an authorizer or filter. */
  readonly what: string;
  /** The names that the application declares as secret. */
  readonly secrets: readonly string[];
  /** Whether the Web server gets a line on FCGI_STDERR too. */
  readonly stderr: StderrLines;
  readonly budgets: LogBudgets;
}

/** A failure, and its request without secrets, as plain data. */
export interface FailureReport {
  /** The name of the role, or its number. */
  readonly role: string;
  /** `GET /books/:id`, or the name of an authorizer or filter. */
  readonly what: string;
  readonly error: ErrorDescription;
  /** All params in the order of arrival. */
  readonly params: readonly (readonly [name: string, value: string])[];
}

let observer: ((report: FailureReport) => void) | undefined;

/** Makes every later failure be reported too, as `tricorn dev` shows it. */
export function observeFailures(observe: (report: FailureReport) => void): void {
  observer = observe;
}

/**
 * Logs a failure with its cause, and sends the Web server one line about it on FCGI_STDERR (section 7). The secrets of the
 * request are redacted in both. A failure that repeats too often within a second is counted, not logged.
 */
export function logFailure(error: unknown, facts: FailureFacts): void {
  const { exchange, log, what, secrets, stderr, budgets } = facts;
  exchange.observer?.failed(error);
  if (observer !== undefined) observer(reportOf(error, facts));
  const more = budgets.admit(what);
  if (more === undefined && stderr === "off") return;
  const clean = (text: string): string => redact(text, exchange.params, secrets);
  // A stack is put together when it is asked for, which with source maps takes 20 ms the first time.
  const isLogged = more !== undefined && log.isLevelEnabled("error");
  const err = isLogged ? describe(error, clean) : summarize(error, clean);
  if (isLogged) logSafely(() => log.error({ err, ...more }, `Cannot complete request: ${what} failed`));
  if (stderr !== "off") exchange.warn(oneLine(`tricorn: ${what} failed: ${err.name}: ${err.message}`));
}

/**
 * Logs the failure of a handler whose request ended early: nothing is wrong, so it has neither a stack nor a line on
 * STDERR.
 */
export function noteAborted(
  error: unknown,
  { exchange, log, what, secrets, reason }: FailureFacts & { readonly reason: AbortedError },
): void {
  if (!log.isLevelEnabled("debug")) return;
  const { name, message } = summarize(error, (text) => redact(text, exchange.params, secrets));
  const facts = { code: reason.code, error: oneLine(`${name}: ${message}`) };
  logSafely(() => log.debug(facts, `Stopped working on request: ${what} ended early`));
}

function reportOf(error: unknown, { exchange, what, secrets }: FailureFacts): FailureReport {
  const { params } = exchange;
  const { clean, pairs } = maskParams(params, secrets);
  return {
    role: roleName(exchange.role),
    what,
    error: describe(error, clean),
    params: pairs,
  };
}

/** An error as plain data, without secrets. */
export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

/** How a thrown value is shown. Redaction drops lines that are longer than this allows. */
const INSPECT_OPTIONS = {
  depth: 2,
  breakLength: Infinity,
  compact: true,
  maxArrayLength: 100,
  maxStringLength: 16 * 1024,
};

/** How deep causes are followed. */
const MAX_CAUSES = 5;

type Clean = (text: string) => string;

/** Any value can be thrown, even one that throws on inspection; the answer must not be lost for that. */
function describe(error: unknown, clean: Clean): ErrorDescription {
  try {
    return describeError(error, clean);
  } catch {
    return plain({ name: typeof error, message: "a value that cannot be described was thrown" });
  }
}

/** The same without a stack and causes. */
function summarize(error: unknown, clean: Clean): ErrorDescription {
  try {
    return summarizeError(error, clean);
  } catch {
    return plain({ name: typeof error, message: "a value that cannot be described was thrown" });
  }
}

function summarizeError(error: unknown, clean: Clean): ErrorDescription {
  if (!isError(error)) {
    const text = oneLine(clean(inspect(error, INSPECT_OPTIONS)));
    return plain({ name: typeof error, message: `a value that is not an Error was thrown: ${text}` });
  }
  // A subclass may have replaced them by values that are not text.
  const { name, message } = error as { name: unknown; message: unknown };
  return plain({ name: clean(String(name)), message: clean(String(message)) });
}

/** Also one of another realm, such as a `node:vm` context. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

function describeError(error: unknown, clean: Clean, depth = 0): ErrorDescription {
  const summary = summarizeError(error, clean);
  if (!isError(error)) return summary;
  const { cause } = error as { cause?: unknown };
  const stack: unknown = error.stack;
  const code = (error as { code?: unknown }).code;
  return plain({
    ...summary,
    ...(typeof code === "string" && { code: clean(code) }),
    ...(typeof stack === "string" && { stack: clean(framesOf(error, stack)) }),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: describeError(cause, clean, depth + 1) }),
  });
}

/** The frames below the handler say nothing about its failure, so they are cut; a failure of Tricorn itself keeps them. */
function framesOf(error: Error, stack: string): string {
  return error instanceof TricornError || !isOwnFailure(stack) ? withoutOwnFrames(stack) : stack;
}

/** Without a prototype pino's serializer takes the type of the error from its name. */
function plain(description: ErrorDescription): ErrorDescription {
  return Object.assign(Object.create(null) as ErrorDescription, description);
}
