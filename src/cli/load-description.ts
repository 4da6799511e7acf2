import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { describeControllers, type ApplicationPart } from "../index.js";
import { ConfigurationError } from "../errors.js";
import type { RouteDescription } from "../paths/routes-of.js";
import { observeServe } from "../serve/serve-observer.js";
import { watchLoading } from "./loading-watch.js";

/** How long a module may take to load, in milliseconds: one that waits for something would keep the command for ever. */
const LOAD_LIMIT = 15_000;

/** The same for one that keeps even the timer for that from striking; ms. */
const STUCK_LIMIT = 2 * LOAD_LIMIT;

const EXPECTED = "`application`, `controllers` or a default of either";

/**
 * Finds out what the application of a module answers: one that it exports as `application`, `controllers` or as its
 * default, or one that it serves. Nothing is served meanwhile.
 *
 * @throws ConfigurationError `ERR_MODULE` for a module that cannot be loaded or has none
 */
export async function loadDescription(file: string): Promise<RouteDescription> {
  const path = resolve(file);
  if (!existsSync(path)) throw refusal(file, "there is no such file");
  const served = new Promise<unknown>((tell) => observeServe(tell));
  const release = keepStandardOutput();
  const { message } = refusal(file, `it has kept the process busy for ${STUCK_LIMIT / 1000} s`);
  const endWatch = watchLoading({ limit: STUCK_LIMIT, message: `tricorn: ${message}\n` });
  try {
    const found = await Promise.race([exportOf(path), served, late(file)]);
    const description = descriptionOf(found);
    if (description === undefined) throw refusal(file, `it exports no ${EXPECTED}`);
    return description;
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === "ERR_MODULE") throw error;
    throw refusal(file, factOf(path, error), error);
  } finally {
    endWatch();
    release();
  }
}

async function exportOf(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  return module["application"] ?? module["controllers"] ?? module["default"];
}

function descriptionOf(found: unknown): RouteDescription | undefined {
  if (Array.isArray(found)) {
    const isList = found.length > 0 && found.every(isPart);
    return isList ? describeControllers(found as ApplicationPart[]) : undefined;
  }
  // By its shape: it may be of another copy of Tricorn.
  const { description } = (found ?? {}) as { readonly description?: Partial<RouteDescription> };
  const isOne = Array.isArray(description?.responders) && Array.isArray(description.authorizers);
  return isOne ? (description as RouteDescription) : undefined;
}

/** A class, or a definition by its shape: both may be of another copy of Tricorn. */
function isPart(member: unknown): boolean {
  return typeof member === "function" || (typeof member === "object" && member !== null && "kind" in member);
}

function late(file: string): Promise<never> {
  return new Promise((_, reject) => {
    const error = refusal(file, `it has not loaded within ${LOAD_LIMIT / 1000} s`);
    // Not unreferenced: without anything to wait for, Node.js would leave in silence.
    setTimeout(() => reject(error), LOAD_LIMIT);
  });
}

/** Standard output is for the configuration: what a module prints as it loads goes to standard error. */
function keepStandardOutput(): () => void {
  const { stdout, stderr } = process;
  stdout.write = stderr.write.bind(stderr);
  // What is assigned hides what it inherits.
  return () => void Reflect.deleteProperty(stdout, "write");
}

const TYPESCRIPT = new Set([".ts", ".mts", ".cts", ".tsx"]);
/** What Node.js says of TypeScript that it does not take, in its versions. */
const NOT_RUN = /^ERR_UNKNOWN_FILE_EXTENSION$|TYPESCRIPT_SYNTAX$/;

function factOf(path: string, error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: string };
  const isTypeScript = TYPESCRIPT.has(extname(path));
  if (isTypeScript && (NOT_RUN.test(code ?? "") || error instanceof SyntaxError)) {
    return "this Node.js does not run such TypeScript; name the JavaScript that it is compiled to";
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0]!;
}

function refusal(file: string, fact: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError("ERR_MODULE", `Cannot describe the application of ${file}: ${fact}`, cause);
}
