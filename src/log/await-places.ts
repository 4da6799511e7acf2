import { findSourceMap } from "node:module";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

import type { CallSite } from "../events/call-sites.js";
import type { AwaitStack } from "../events/standing.js";
import { isOwnFrame } from "./own-frames.js";

/** Where a request stands. */
export interface AwaitPlaces {
  /** The innermost awaits as `src/books.ts:12:20`, a few of them if there are several, with commas between. */
  readonly standsAt: string;
  /** The awaits from there to the handler as lines of a stack, a block for each of the innermost ones. */
  readonly stack: string;
}

/** The innermost awaits that are named. */
const MOST_PLACES = 3;
/** Frames of one stack. */
const MOST_FRAMES = 20;

/** `name (file:line:column)`, or the place alone. */
const SITE = /^(?:(.*) \()?(.+?):(\d+):(\d+)\)?$/s;

/** A frame, with the place in the source that it was compiled from. */
interface Frame {
  /** As a line of a stack. */
  readonly line: string;
  /** `src/books.ts:12:20` */
  readonly place: string;
  readonly isUsers: boolean;
}

/**
 * Describes awaits by the frames of the application: those of Node.js, of packages and of Tricorn are left out. Undefined if there is
 * none of the application.
 */
export function describeAwaits(stacks: readonly AwaitStack[]): AwaitPlaces | undefined {
  const known = new Map<CallSite, Frame>();
  const frameOf = (site: CallSite): Frame => {
    const frame = known.get(site) ?? describe(site);
    known.set(site, frame);
    return frame;
  };
  const blocks = new Map<string, string>();
  const outer = new Set<string>();
  for (const stack of stacks) {
    const frames = stack.map(frameOf).filter(({ isUsers }) => isUsers);
    const [first, ...rest] = frames;
    if (first === undefined) continue;
    for (const { place } of rest) outer.add(place);
    const lines = frames.slice(0, MOST_FRAMES).map(({ line }) => line);
    if (!blocks.has(first.place)) blocks.set(first.place, lines.join("\n"));
  }
  // An await that others stand in says less than they.
  const innermost = [...blocks].filter(([place]) => !outer.has(place));
  if (innermost.length === 0) return undefined;
  const shown = innermost.slice(0, MOST_PLACES);
  const more = innermost.length - shown.length;
  const places = shown.map(([place]) => place).join(", ");
  return {
    standsAt: more > 0 ? `${places} and ${more} more` : places,
    stack: shown.map(([, lines]) => lines).join("\n    and\n"),
  };
}

function describe(site: CallSite): Frame {
  const text = textOf(site);
  const [, name, file = text, line = "", column = ""] = SITE.exec(text) ?? [];
  const path = pathOf(file);
  const place = `${shortPath(path)}:${line}:${column}`;
  const shown = `    at ${name === undefined ? place : `${name} (${place})`}`;
  const isPackage = path.split(sep).includes("node_modules");
  const isUsers = !isPackage && !file.startsWith("node:") && !isOwnFrame(`    at ${path}`);
  return { line: shown, place, isUsers };
}

/** `Books.show (file:///srv/src/books.ts:12:20)`. */
function textOf(site: CallSite): string {
  // oxlint-disable-next-line typescript/no-base-to-string -- V8 gives it a form of its own
  const text = site.toString();
  const file = site.getFileName();
  const map = file === null || file === undefined ? undefined : findSourceMap(file);
  if (map === undefined) return mappedByProgram(site) ?? text;
  const origin = map.findOrigin(site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1);
  if (!("fileName" in origin) || origin.fileName === undefined) return text;
  const place = `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
  const name = SITE.exec(text)?.[1];
  return name === undefined ? place : `${name} (${place})`;
}

/** The frame as the program's own `Error.prepareStackTrace` writes it, for example that of a loader of TypeScript. */
function mappedByProgram(site: CallSite): string | undefined {
  try {
    const stack: unknown = Error.prepareStackTrace?.(new Error(), [site]);
    return typeof stack === "string" ? /^\s+at (?:async )?(.*)$/m.exec(stack)?.[1] : undefined;
  } catch {
    return undefined;
  }
}

function pathOf(file: string): string {
  try {
    return file.startsWith("file:") ? fileURLToPath(file) : file;
  } catch {
    return file;
  }
}

/** Relative to the working directory, if it is below. */
function shortPath(path: string): string {
  try {
    const inside = relative(process.cwd(), path);
    return path.startsWith(sep) && !inside.startsWith("..") ? inside : path;
  } catch {
    // The working directory is gone.
    return path;
  }
}
