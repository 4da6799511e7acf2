import { ConfigurationError } from "../../errors.js";
import { mayBeEmpty, type GlobNode, type ParsedGlob } from "../../paths/glob-nodes.js";
import { parseGlob } from "../../paths/glob-parser.js";
import { formsOf } from "../../paths/trailing-slash.js";
import { inBrackets, literalText, spelledText, withVariants, type RegexUnit } from "./literal-regex.js";

/** What a regular expression shall cover. */
export interface PathRegexOptions {
  /** What the Web server's regular expressions look at. */
  readonly unit: RegexUnit;
  /**
   * Which paths: those of a `file`, as `compileGlob` of path-glob.ts has them; those of a `route`, with one more "/" at the
   * end as well; or all that have `anyReading` which the glob covers, as `compileProtection` has them. For the last the Web
   * server has to be told that case does not count (`~*`, `(?i)`).
   */
  readonly covers: "file" | "route" | "anyReading";
}

/**
 * One regular expression over decoded, normalised paths for a list of globs, such as `^/files(?:/|$)|/[^/]*\.pdf$`.
 *
 * It says the same as the application does. Where a path has characters beyond ASCII in the place of a `?` or a
 * `[^a]`, a `;` or a line end at its own end, it may cover more, never less. It has no lookaround and no ".", which need not
 * know of line ends then, and of ASCII nothing but letters, digits and `._-/\[]()?:|^*$`: no quotes, no blanks.
 *
 * @throws ConfigurationError `ERR_GLOB` for a glob that cannot be translated
 */
export function pathRegex(globs: readonly string[], options: PathRegexOptions): string {
  if (globs.length === 0) throw new TypeError("Cannot write a regular expression: there is no glob");
  return [...new Set(globs.flatMap((glob) => globRegexes(glob, options)))].join("|");
}

/** A regular expression that covers one text, for a part of a larger one. */
export function literalRegex(text: string): string {
  return literalText(text, "bytes");
}

function globRegexes(glob: string, options: PathRegexOptions): string[] {
  const parsed = parseGlob(glob);
  if (parsed.lastSegment && parsed.nodes.every(mayBeEmpty)) throw refusal(glob, "it covers an empty name");
  if (parsed.negated) throw refusal(glob, "it has ! in front, and no other language says what it leaves out");
  refuseSlow(glob);
  const forms = options.covers === "anyReading" ? formsOf(parsed) : [parsed];
  return forms.map((form) => new Rendering(glob, options).whole(form));
}

/** With more stars the time would grow with more than the square of the path where PCRE looks for it. */
const MAX_STARS = 2;

function refuseSlow(glob: string): void {
  const segments = glob.replaceAll(/(?:\/\*\*){2,}(?=\/|$)/g, "/**").split("/");
  const slow = segments.find((segment) => segment !== "**" && segment.split("*").length - 1 > MAX_STARS);
  if (slow !== undefined) {
    throw refusal(glob, `${slow} has more than ${MAX_STARS} stars, which can take Web servers very long`);
  }
  if (segments.slice(0, -1).filter((segment) => segment === "**").length > MAX_STARS) {
    throw refusal(
      glob,
      `it has more than ${MAX_STARS} segments ** before its end, which can take Web servers very long`,
    );
  }
}

function refusal(glob: string, fact: string): ConfigurationError {
  return new ConfigurationError("ERR_GLOB", `Cannot translate glob ${JSON.stringify(glob)}: ${fact}`);
}

/** Behind a name: what some file systems drop, and what some routers cut off. */
const DROPPED = String.raw`\.*`;
const CUT = String.raw`(?:\x3b[^/]*)?`;
const CUT_TO_END = String.raw`(?:\x3b[\s\S]*)?`;

/** What no character of ASCII has. */
const BEYOND_ASCII = { bytes: String.raw`[\x80-\xff]`, characters: String.raw`[^\x00-\x7f]` } as const;

/** Writes down the parts of one glob. */
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
    // What begins so goes on in any way.
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
    // A slash behind a star or brackets is taken for the end of a path.
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
        // A star takes what is dropped or cut for its own.
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
    if (spelled === undefined) throw refusal(this.#glob, `${text} can be spelt in too many ways`);
    return spelled;
  }

  #class({ members, negated }: GlobNode & { readonly kind: "class" }): string {
    const { unit } = this.#options;
    if (members.some(([, last]) => last >= 0x80)) {
      throw refusal(this.#glob, "it has brackets with more than ASCII");
    }
    const inside = members
      .map(([first, last]) =>
        first === last ? inBrackets(first) : `${inBrackets(first)}-${inBrackets(last)}`,
      )
      .join("");
    if (!negated) return this.#anyReading ? withVariants(inside, members, unit) : `[${inside}]`;
    // Where case does not count the other case would be left out as well.
    if (!this.#anyReading) return this.#wild(`[^${inside}/]`);
    // With an accent behind it one that is left out is another one.
    return this.#wild(`(?:(?-i:[^${inside}/])|[^/]${BEYOND_ASCII[unit]})`);
  }

  /** A character that need not be a certain one. In bytes it has several; and accents may follow it. */
  #wild(set: string): string {
    const { unit } = this.#options;
    if (this.#anyReading) return `${set}${BEYOND_ASCII[unit]}*`;
    return unit === "bytes" ? String.raw`${set}[\x80-\xbf]*` : set;
  }
}
