import { parseGlob, type GlobNode } from "./glob-parser.js";

/**
 * What a Web server's regular expressions look at: `bytes`, the bytes of a path in UTF-8 (PCRE as nginx, Apache
 * and HAProxy use it), or `characters` (PCRE of lighttpd, which compiles with PCRE2_UTF; RE2 of Caddy; Java).
 */
export type RegexUnit = "bytes" | "characters";

/** What a regular expression shall cover. */
export interface PathRegexOptions {
  readonly unit: RegexUnit;
  /**
   * Whether "A" and "a" differ. Where they do not, the Web server has to be told so as well (`~*`, `(?i)`); here it only
   * concerns letters beyond ASCII, whose case PCRE does not know in bytes.
   */
  readonly caseSensitive: boolean;
  /** Whether a path that ends with one more "/" is covered with it: the application's router makes no difference. */
  readonly slashAtEnd: boolean;
}

/**
 * One regular expression over decoded, normalised paths for a list of globs, such as `^/members(?:/|$)|/[^/]*\.pdf$`.
 *
 * It says the same as `compileGlob` of path-glob.ts. Where a path has characters beyond ASCII in the place of a `?` or a
 * `[^a]`, or a line end at its own end, it may cover more, never less. It has no lookaround and no ".", which need not
 * know of line ends then, and of ASCII nothing but letters, digits and `._-/\[]()?:|^*$`: no quotes, no blanks.
 *
 * @throws ConfigurationError `ERR_GLOB` for a glob that cannot be translated
 */
export function pathRegex(globs: readonly string[], options: PathRegexOptions): string {
  if (globs.length === 0) throw new TypeError("Cannot write a regular expression: there is no glob");
  return [...new Set(globs.map((glob) => globRegex(glob, options)))].join("|");
}

/** A regular expression that covers one text, for a part of a larger one. */
export function literalRegex(text: string): string {
  return literalText(text, { unit: "bytes", caseSensitive: true, slashAtEnd: false });
}

function globRegex(glob: string, options: PathRegexOptions): string {
  const { lastSegment, nodes } = parseGlob(glob);
  const body = new Rendering(options).all(nodes);
  const last = nodes.at(-1)!;
  // What begins so goes on in any way.
  if (last.kind === "globstar" && last.form === "end") return nodes.length === 2 ? "^/" : `^${body}`;
  // picomatch takes a slash behind a star or brackets for the end of a path.
  const isLoose = !lastSegment && (last.kind === "star" || last.kind === "class");
  const slash = last.kind !== "slash" && (options.slashAtEnd || isLoose) ? "/?" : "";
  return `${lastSegment ? "/" : "^"}${body}${slash}$`;
}

/** The bytes of a character in UTF-8 behind its first one. */
const REST_OF_CHARACTER = String.raw`[\x80-\xbf]*`;

/** Writes down the parts of one glob. */
class Rendering {
  readonly #options: PathRegexOptions;
  /** Whether the segment so far has a character that need not be a certain one. */
  #isWild = false;

  constructor(options: PathRegexOptions) {
    this.#options = options;
  }

  all(nodes: readonly GlobNode[]): string {
    return nodes.map((node, index) => this.#node(node, nodes[index + 1])).join("");
  }

  #node(node: GlobNode, next: GlobNode | undefined): string {
    switch (node.kind) {
      case "text":
        return literalText(node.text, this.#options);
      case "slash":
        this.#isWild = false;
        return next?.kind === "globstar" && next.form === "end" ? "(?:/|$)" : "/";
      case "one":
        return this.#wild("[^/]");
      case "star":
        return node.atLeastOne ? "[^/]+" : "[^/]*";
      case "globstar":
        return { end: "", middle: "(?:[^/]*/)*", any: String.raw`[\s\S]*` }[node.form];
      case "class":
        return this.#class(node);
      case "choice":
        return `(?:${node.branches.map((branch) => this.all(branch)).join("|")})`;
    }
  }

  #class({ members, negated, literal }: GlobNode & { readonly kind: "class" }): string {
    if (negated) return this.#wild(`[^${members}/]`);
    return literal === undefined ? `[${members}]` : `(?:[${members}]|${literalText(literal, this.#options)})`;
  }

  /**
   * A character that need not be a certain one. To compileGlob an emoji is two, and so where characters are counted a
   * second one in a segment need not be there.
   */
  #wild(set: string): string {
    const isSecond = this.#isWild;
    this.#isWild = true;
    if (this.#options.unit === "bytes") return set + REST_OF_CHARACTER;
    return isSecond ? `${set}?` : set;
  }
}

function literalText(text: string, options: PathRegexOptions): string {
  return Array.from(text, (character) => literal(character, options)).join("");
}

/** A character that stands for itself: as it is where no language can take it for anything else. */
function literal(character: string, { unit, caseSensitive }: PathRegexOptions): string {
  if (/[A-Za-z0-9_/-]/.test(character)) return character;
  if (character === ".") return String.raw`\.`;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return escapeByte(code);
  if (unit === "characters") return /[\p{L}\p{N}]/u.test(character) ? character : `\\x{${code.toString(16)}}`;
  const spellings = caseSensitive ? [character] : variantsOf(character);
  const encoded = spellings.map((spelling) => [...Buffer.from(spelling)].map(escapeByte).join(""));
  return encoded.length === 1 ? encoded[0]! : `(?:${encoded.join("|")})`;
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** Characters beyond ASCII by what they have in common in the eyes of a regular expression that ignores case. */
let folding: Map<string, string[]> | undefined;

function variantsOf(character: string): readonly string[] {
  if (folding === undefined) {
    folding = new Map();
    for (let code = 0x80; code <= 0xffff; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const one = String.fromCharCode(code);
      const group = folding.get(fold(one));
      if (group === undefined) folding.set(fold(one), [one]);
      else group.push(one);
    }
  }
  return folding.get(fold(character)) ?? [character];
}

/** ECMA-262, Canonicalize without the "u" flag. */
function fold(character: string): string {
  const upper = character.toUpperCase();
  return upper.length === 1 && upper.charCodeAt(0) >= 0x80 ? upper : character;
}
