import type { FailureReport } from "../roles/failure.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import { sourceExcerpt, type SourceLine } from "./source-excerpt.js";
import { ownFrames, parseFrame, shortPath, type SourcePlace } from "./stack-frames.js";
import { parseFailureOf } from "../supervisor/syntax-error-place.js";

/** A failure as a developer reads it. */
export interface ShownFailure {
  /** What failed: a request, or the start of the program. */
  readonly title: string;
  /** The message, with the name of the error. */
  readonly message: string;
  /** The first place in the program's own source. */
  readonly place: SourcePlace | undefined;
  /** The lines around it. */
  readonly excerpt: readonly SourceLine[];
  /** The frames of the program with short paths, and other lines that explain the failure. */
  readonly details: readonly string[];
  /** The one of them that has the place; -1 if none has. */
  readonly placeAt: number;
  /** The params of the request, without secrets. */
  readonly params: readonly (readonly [name: string, value: string])[];
}

/** Describes a request that could not be completed. */
export function shownRequestFailure({ what, error, params }: FailureReport): ShownFailure {
  const lines: string[] = [];
  for (
    let each: typeof error | undefined = error, depth = 0;
    each !== undefined;
    each = each.cause, depth += 1
  ) {
    if (depth > 0) lines.push(`Caused by ${each.name}: ${each.message}`);
    lines.push(...ownFrames((each.stack ?? "").split("\n")));
  }
  return withPlace({
    title: `${what} failed`,
    message: `${error.name}: ${error.message}`,
    details: lines,
    params,
  });
}

/** Describes why the program does not run. */
export function shownStartFailure(failure: WorkerFailure): ShownFailure {
  const { sentence, details } = failure;
  const unparsed = parseFailureOf(failure);
  if (unparsed !== undefined) {
    const hint = "    The compiler names the line: tsc --noEmit";
    const [place = hint] = ownFrames(details);
    return withPlace({
      title: "The program does not run",
      message: `SyntaxError in ${shortPath(unparsed.file)}: ${unparsed.reason}`,
      details: [place],
      params: [],
    });
  }
  const frames = new Set(ownFrames(details));
  return withPlace({
    title: "The program does not run",
    message: sentence,
    details: details.filter((line) => frames.has(line) || parseFrame(line) === undefined),
    params: [],
  });
}

function withPlace(failure: Omit<ShownFailure, "place" | "placeAt" | "excerpt">): ShownFailure {
  const places = failure.details.map(parseFrame);
  const placeAt = places.findIndex((found) => found !== undefined);
  const place = places[placeAt];
  const details = failure.details.map((line, at) => {
    const file = places[at]?.file;
    return file === undefined ? line : line.replace("file://", "").replace(file, shortPath(file));
  });
  return { ...failure, details, place, placeAt, excerpt: place === undefined ? [] : sourceExcerpt(place) };
}
