import { ConfigurationError } from "../../errors.js";
import { mayBeEmpty, type GlobNode, type ParsedGlob } from "../../paths/glob-nodes.js";
import { parseGlob } from "../../paths/glob-parser.js";
import { formsOf } from "../../paths/trailing-slash.js";
import { inBrackets, literalText, spelledText, withVariants, type RegexUnit } from "./literal-regex.js";

/** Options of {@link pathRegex}. */
export interface PathRegexOptions {
  /** The unit of the Web server's regular expressions. */
  readonly unit: RegexUnit;
  /**
   * The paths to match: those of a `file`, as `compileGlob` of path-glob.ts does; those of a `route`, also with one more "/" at
   * the end; or those with `anyReading` that the glob matches, as `compileProtection` does. For the last, the Web server must
   * ignore case (`~*`, `(?i)`).
   */
  readonly covers: "file" | "route" | "anyReading";
}

/**
 * One regular expression over decoded, normalised paths for a list of globs, such as `^/files(?:/|$)|/[^/]*\.pdf$`.
 *
 * It matches the same paths as the application does. It may match more, never less, if a path has non-ASCII characters for a `?`
 * or a `[^a]`, or a `;` or a line end at its end. It has no lookaround and no ".", whose meaning depends on line ends, and no
 * ASCII characters other than letters, digits and `._-/\[]()?:|^*$`: no quotes, no spaces.
 *
 * @throws ConfigurationError `ERR_GLOB` for a glob that cannot be translated
 */
export function pathRegex(globs: readonly string[], options: PathRegexOptions): string {
  if (globs.length === 0)
    throw new TypeError("Cannot write a regular expression: the list of globs is empty");
  return [...new Set(globs.flatMap((glob) => globRegexes(glob, options)))].join("|");
}

/** A regular expression for a literal text, as part of a larger one. */
export function literalRegex(text: string): string {
  return literalText(text, "bytes");
}

function globRegexes(glob: string, options: PathRegexOptions): string[] {
  const parsed = parseGlob(glob);
  if (parsed.lastSegment && parsed.nodes.every(mayBeEmpty)) throw refusal(glob, "it matches an empty name");
  if (parsed.negated) throw refusal(glob, "it begins with !, which has no equivalent");
  refuseSlow(glob);
  const forms = options.covers === "anyReading" ? formsOf(parsed) : [parsed];
  return forms.map((form) => new Rendering(glob, options).whole(form));
}

/** With more stars, the time of PCRE would grow faster than the square of the path's length. */
const MAX_STARS = 2;

function refuseSlow(glob: string): void {
  const segments = glob.replaceAll(/(?:\/\*\*){2,}(?=\/|$)/g, "/**").split("/");
  const slow = segments.find((segment) => segment !== "**" && segment.split("*").length - 1 > MAX_STARS);
  if (slow !== undefined) {
    throw refusal(glob, `${slow} has more than ${MAX_STARS} stars, which can make Web servers very slow`);
  }
  if (segments.slice(0, -1).filter((segment) => segment === "**").length > MAX_STARS) {
    throw refusal(
      glob,
      `it has more than ${MAX_STARS} segments ** before its end, which can make Web servers very slow`,
    );
  }
}

function refusal(glob: string, fact: string): ConfigurationError {
  return new ConfigurationError("ERR_GLOB", `Cannot translate glob ${JSON.stringify(glob)}: ${fact}`);
}

/** After a name: what some file systems drop, and what some routers cut off. */
const DROPPED = String.raw`\.*`;
const CUT = String.raw`(?:\x3b[^/]*)?`;
const CUT_TO_END = String.raw`(?:\x3b[\s\S]*)?`;

/** The non-ASCII units. */
const BEYOND_ASCII = { bytes: String.raw`[\x80-\xff]`, characters: String.raw`[^\x00-\x7f]` } as const;

/** Translates one glob. */
class Rendering {
  readonly #glob: string;
  readonly #options: PathRegexOptions;
  readonly #anyReading: boolean;

  constructor(glob: string, options: PathRegexOptions) {
    this.#glob = glob;
    this.#options = options;
    this.#anyReading = options.covers === "anyReading";
  }

  whole({ nodes, lastSegment }: ParsedGlob): string {
    const last = nodes.at(-1)!;
    // The rest of the path is arbitrary.
    if (last.kind === "globstar" && last.form !== "middle") {
      return nodes.length === 2 && nodes[0]!.kind === "slash"
        ? "^/"
        : `^${this.#all(nodes, { end: nodes.length - 1 })}`;
    }
    const body = this.#all(nodes);
    return `${lastSegment ? "/" : "^"}${body}${this.#end(last, lastSegment)}$`;
  }

  #end(last: GlobNode, lastSegment: boolean): string {
    if (this.#anyReading) return last.kind === "slash" ? CUT_TO_END : `${DROPPED}/?${CUT_TO_END}`;
    // A slash after a star or a class counts as the end of a path.
    const isLoose = !lastSegment && (last.kind === "star" || last.kind === "class");
    return last.kind !== "slash" && (this.#options.covers === "route" || isLoose) ? "/?" : "";
  }

  #all(nodes: readonly GlobNode[], { end = nodes.length, isBranch = false } = {}): string {
    return nodes
      .slice(0, end)
      .map((node, index) => {
        const isNamed = index === 0 ? isBranch : nodes[index - 1]!.kind !== "star";
        return this.#node(node, { isNamed, next: nodes[index + 1] });
      })
      .join("");
  }

  #node(
    node: GlobNode,
    { isNamed, next }: { readonly isNamed: boolean; readonly next: GlobNode | undefined },
  ): string {
    switch (node.kind) {
      case "text":
        return this.#text(node.text);
      case "slash": {
        const isLast = next?.kind === "globstar" && next.form === "end";
        // A star also matches what is dropped or cut.
        const mayDrop = this.#anyReading && isNamed;
        if (isLast) return mayDrop ? String.raw`${DROPPED}(?:[/\x3b]|$)` : "(?:/|$)";
        return mayDrop ? `${DROPPED}${CUT}/` : "/";
      }
      case "one":
        return this.#wild("[^/]");
      case "star":
        return node.atLeastOne ? "[^/]+" : "[^/]*";
      case "globstar":
        return { end: "", middle: "(?:[^/]*/)*", any: String.raw`[\s\S]*` }[node.form];
      case "class":
        return this.#class(node);
      case "choice":
        return `(?:${node.branches.map((branch) => this.#all(branch, { isBranch: true })).join("|")})`;
      case "repeat":
      case "not":
        throw refusal(this.#glob, "it has an extglob");
    }
  }

  #text(text: string): string {
    const { unit } = this.#options;
    if (!this.#anyReading) return literalText(text, unit);
    const spelled = spelledText(text, unit);
    if (spelled === undefined) throw refusal(this.#glob, `${text} has too many spellings`);
    return spelled;
  }

  #class({ members, negated }: GlobNode & { readonly kind: "class" }): string {
    const { unit } = this.#options;
    if (members.some(([, last]) => last >= 0x80)) {
      throw refusal(this.#glob, "it has a class with non-ASCII characters");
    }
    const inside = members
      .map(([first, last]) =>
        first === last ? inBrackets(first) : `${inBrackets(first)}-${inBrackets(last)}`,
      )
      .join("");
    if (!negated) return this.#anyReading ? withVariants(inside, members, unit) : `[${inside}]`;
    // A case-insensitive class would also exclude the other case.
    if (!this.#anyReading) return this.#wild(`[^${inside}/]`);
    // An excluded character followed by a combining accent is a different character.
    return this.#wild(`(?:(?-i:[^${inside}/])|[^/]${BEYOND_ASCII[unit]})`);
  }

  /** One character of a set. It may have several bytes, and combining accents may follow. */
  #wild(set: string): string {
    const { unit } = this.#options;
    if (this.#anyReading) return `${set}${BEYOND_ASCII[unit]}*`;
    return unit === "bytes" ? String.raw`${set}[\x80-\xbf]*` : set;
  }
}
