import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { describeControllers, type ApplicationPart } from "../index.js";
import { ConfigurationError } from "../errors.js";
import type { RouteDescription } from "../paths/routes-of.js";
import { observeServe } from "../serve/serve-observer.js";
import { watchLoading } from "./loading-watch.js";

/** How long a module may take to load, in milliseconds. It could wait for something forever. */
const LOAD_LIMIT = 15_000;

/** The same for a module that blocks the event loop and so that timer, in milliseconds. */
const STUCK_LIMIT = 2 * LOAD_LIMIT;

const EXPECTED = "`application`, `controllers` or one of them as default";

/**
 * Loads a module and returns the description of its application: one that it exports as `application`, as `controllers` or as its
 * default, or passes to `serve`, which then serves nothing.
 *
 * @throws ConfigurationError `ERR_MODULE` if the module cannot be loaded or has no application
 */
export async function loadDescription(file: string): Promise<RouteDescription> {
  const path = resolve(file);
  if (!existsSync(path)) throw moduleError(file, "the file does not exist");
  const served = new Promise<unknown>((resolve) => observeServe(resolve));
  const release = redirectStandardOutput();
  const { message } = moduleError(file, `it has blocked the event loop for ${STUCK_LIMIT / 1000} s`);
  const endWatch = watchLoading({ limit: STUCK_LIMIT, message: `tricorn: ${message}\n` });
  try {
    const found = await Promise.race([exportOf(path), served, loadTimeout(file)]);
    const description = descriptionOf(found);
    if (description === undefined) throw moduleError(file, `it does not export ${EXPECTED}`);
    return description;
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === "ERR_MODULE") throw error;
    throw moduleError(file, factOf(path, error), error);
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
  // Not instanceof: it may come from another copy of Tricorn.
  const { description } = (found ?? {}) as { readonly description?: Partial<RouteDescription> };
  const isOne = Array.isArray(description?.responders) && Array.isArray(description.authorizers);
  return isOne ? (description as RouteDescription) : undefined;
}

/** Whether it is a class or a definition. Not instanceof: it may come from another copy of Tricorn. */
function isPart(member: unknown): boolean {
  return typeof member === "function" || (typeof member === "object" && member !== null && "kind" in member);
}

function loadTimeout(file: string): Promise<never> {
  return new Promise((_, reject) => {
    const error = moduleError(file, `it did not load within ${LOAD_LIMIT / 1000} s`);
    // Keeps the process alive: otherwise Node.js could exit without a message.
    setTimeout(() => reject(error), LOAD_LIMIT);
  });
}

/** Redirects output of a loading module to standard error, because standard output is for the configuration. */
function redirectStandardOutput(): () => void {
  const { stdout, stderr } = process;
  stdout.write = stderr.write.bind(stderr);
  // The assigned property hides the inherited method.
  return () => void Reflect.deleteProperty(stdout, "write");
}

const TYPESCRIPT = new Set([".ts", ".mts", ".cts", ".tsx"]);
/** The error codes of Node.js versions for TypeScript that they cannot run. */
const NOT_RUN = /^ERR_UNKNOWN_FILE_EXTENSION$|TYPESCRIPT_SYNTAX$/;

function factOf(path: string, error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: string };
  const isTypeScript = TYPESCRIPT.has(extname(path));
  if (isTypeScript && (NOT_RUN.test(code ?? "") || error instanceof SyntaxError)) {
    return "this version of Node.js cannot run this TypeScript; use the compiled JavaScript file";
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0]!;
}

function moduleError(file: string, fact: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError("ERR_MODULE", `Cannot describe the application of ${file}: ${fact}`, cause);
}
