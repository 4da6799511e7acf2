import { ConfigurationError } from "../errors.js";

/** A part of a glob. */
export type GlobNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "slash" }
  /** `?`: one character that is no slash. */
  | { readonly kind: "one" }
  /** `*`: characters that are no slash; `atLeastOne` where it is a whole segment. */
  | { readonly kind: "star"; readonly atLeastOne: boolean }
  /** `**` as a whole segment. */
  | { readonly kind: "globstar"; readonly form: GlobstarForm }
  /** `[a-z]`, `[^a-z]`; `literal` where the brackets also stand for themselves. */
  | {
      readonly kind: "class";
      readonly members: string;
      readonly negated: boolean;
      readonly literal: string | undefined;
    }
  /** `{a,b}`. */
  | { readonly kind: "choice"; readonly branches: readonly (readonly GlobNode[])[] };

/**
 * What a `**` stands for: `end`, of "/a/**", covers "/a" too; `middle`, of "/a/**" followed by a slash, which belongs to
 * it, is any number of whole segments; `any` is any text.
 */
export type GlobstarForm = "end" | "middle" | "any";

/** A glob in parts. */
export interface ParsedGlob {
  /** Whether it is compared with the last segment alone. */
  readonly lastSegment: boolean;
  readonly nodes: readonly GlobNode[];
}

/**
 * Reads a glob as `compileGlob` of path-glob.ts means it.
 *
 * @throws ConfigurationError `ERR_GLOB` for what means something to `compileGlob` that other languages cannot say, or
 *   not in the same way: a negation, an extglob, a quote, a range
 */
export function parseGlob(glob: string): ParsedGlob {
  const lastSegment = !glob.includes("/");
  const rooted = lastSegment || /^[/{]/.test(glob) ? glob : `/${glob}`;
  const text = rooted.replaceAll(/(?:\/\*\*){2,}(?=\/|$)/g, "/**");
  const parser = new GlobParser(glob, text, lastSegment);
  return { lastSegment, nodes: parser.all() };
}

/** Characters that stand for themselves only behind a backslash. */
const SPECIAL = new Set('()|"!]}');

/** Reads from left to right; `#at` is the next character. */
class GlobParser {
  readonly #glob: string;
  readonly #text: string;
  readonly #lastSegment: boolean;
  #at = 0;
  #depth = 0;

  constructor(glob: string, text: string, lastSegment: boolean) {
    this.#glob = glob;
    this.#text = text;
    this.#lastSegment = lastSegment;
  }

  all(): readonly GlobNode[] {
    if (this.#text === "") throw this.#refusal("it is empty");
    if (this.#text.includes("//")) throw this.#refusal("it has an empty segment, which no path has");
    if (this.#lastSegment && this.#text === "*.*") {
      // As picomatch means it, the second star stands for one character at least.
      return [
        { kind: "star", atLeastOne: false },
        { kind: "text", text: "." },
        { kind: "star", atLeastOne: true },
      ];
    }
    const nodes = this.#sequence();
    if (this.#at < this.#text.length) throw this.#refusal(`there is a ${this.#text[this.#at]} too many`);
    if (this.#lastSegment && nodes.every(mayBeEmpty)) throw this.#refusal("it covers an empty name");
    return nodes;
  }

  #sequence(): readonly GlobNode[] {
    const nodes: GlobNode[] = [];
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!;
      if (this.#depth > 0 && (character === "," || character === "}")) break;
      nodes.push(this.#node(character));
    }
    return nodes;
  }

  #node(character: string): GlobNode {
    switch (character) {
      case "/":
        this.#at += 1;
        return { kind: "slash" };
      case "?":
        this.#refuseBefore("(");
        this.#at += 1;
        return { kind: "one" };
      case "*":
        return this.#text[this.#at + 1] === "*" ? this.#globstar() : this.#star();
      case "[":
        return this.#class();
      case "{":
        return this.#choice();
      default:
        return this.#literal(character);
    }
  }

  #star(): GlobNode {
    this.#refuseBefore("(");
    const isStart = this.#at === 0 || this.#text[this.#at - 1] === "/";
    if (this.#depth > 0 && this.#text[this.#at - 1] === ".") {
      throw this.#refusal('it has ".*" within braces; write several globs instead');
    }
    this.#at += 1;
    if (!isStart) return { kind: "star", atLeastOne: false };
    // picomatch only wants something behind the start of a segment, be it the star's own or not.
    const endsBranch = this.#depth > 0 && /^[,}]/.test(this.#text.slice(this.#at));
    const next = endsBranch ? this.#behindBraces() : this.#text[this.#at];
    if (next === "{" || (endsBranch && next !== undefined && next !== "/")) {
      throw this.#refusal("it has braces that hold, or follow, a star that begins a segment");
    }
    return { kind: "star", atLeastOne: next === undefined || next === "/" };
  }

  /** What stands behind the outermost of the open braces. */
  #behindBraces(): string | undefined {
    let depth = this.#depth;
    for (let at = this.#at; at < this.#text.length; at += 1) {
      const character = this.#text[at];
      if (character === "\\") at += 1;
      else if (character === "{") depth += 1;
      else if (character === "}" && --depth === 0) return this.#text[at + 1];
    }
    return undefined;
  }

  #globstar(): GlobNode {
    const before = this.#text[this.#at - 1] ?? "/";
    const after = this.#text[this.#at + 2] ?? "";
    if (!/[/{,]/.test(before) || !/^[/},]?$/.test(after)) {
      throw this.#refusal('it has "**" beside other characters of a segment');
    }
    const isAfterStar = /[^\\]\*\/$/.test(this.#text.slice(0, this.#at));
    this.#at += 2;
    if (this.#lastSegment) return { kind: "star", atLeastOne: this.#depth === 0 };
    if (before === "/" && after === "/") {
      this.#at += 1;
      if (this.#text[this.#at] === "{") throw this.#refusal('it has braces right behind "**/"');
      return { kind: "globstar", form: "middle" };
    }
    return { kind: "globstar", form: after === "" && before === "/" && !isAfterStar ? "end" : "any" };
  }

  #class(): GlobNode {
    const match = /^\[(\^?)((?:[A-Za-z0-9_]-[A-Za-z0-9_]|[A-Za-z0-9_.])+)\]/.exec(this.#text.slice(this.#at));
    if (match === null)
      throw this.#refusal("it has brackets with more than ASCII letters, digits and ranges");
    const [whole, not, members] = match as unknown as [string, string, string];
    for (const [range, from, to] of members.matchAll(/(.)-(.)/g)) {
      if (from! > to!) throw this.#refusal(`its range ${range} is upside down`);
    }
    this.#at += whole.length;
    this.#refuseQuantifier();
    // To picomatch "[ab]" is also the text "[ab]", where nothing in it has a meaning in a regular expression.
    const literal = not !== "" || /[-.]/.test(members) ? undefined : whole;
    return { kind: "class", members, negated: not !== "", literal };
  }

  #choice(): GlobNode {
    const branches: (readonly GlobNode[])[] = [];
    this.#depth += 1;
    do {
      this.#at += 1;
      branches.push(this.#sequence());
    } while (this.#text[this.#at] === ",");
    if (this.#text[this.#at] !== "}") throw this.#refusal("a brace is not closed");
    if (branches.length === 1) throw this.#refusal("its braces have no comma");
    this.#depth -= 1;
    this.#at += 1;
    this.#refuseQuantifier();
    return { kind: "choice", branches };
  }

  #literal(character: string): GlobNode {
    if (character === "\\") {
      const escaped = this.#characterAt(this.#at + 1);
      if (escaped === undefined || /[\w/]/.test(escaped) || this.#text.startsWith("\\\\\\", this.#at)) {
        throw this.#refusal(
          "it has a backslash in front of a letter, a digit, a slash, two more backslashes or nothing",
        );
      }
      this.#at += 1 + escaped.length;
      return { kind: "text", text: escaped };
    }
    if (SPECIAL.has(character)) {
      throw this.#refusal(
        `it has ${character}, which no other language can say; write \\${character} for the character`,
      );
    }
    if (/[+@]/.test(character)) this.#refuseBefore("(");
    if (/[+$^]/.test(character) && this.#lastSegment && this.#text[this.#at + 1] === character) {
      throw this.#refusal(`it has ${character} twice in a row; write \\${character} for the character`);
    }
    if (character === "." && this.#depth > 0 && this.#text[this.#at + 1] === ".") {
      throw this.#refusal("it has a range in braces");
    }
    const text = this.#characterAt(this.#at)!;
    this.#at += text.length;
    return { kind: "text", text };
  }

  /** The whole character, where others count halves of it. */
  #characterAt(at: number): string | undefined {
    const code = this.#text.codePointAt(at);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  /** picomatch lets a plus behind brackets and braces repeat them. */
  #refuseQuantifier(): void {
    if (this.#text[this.#at] === "+") throw this.#refusal("it has + behind brackets or braces");
  }

  #refuseBefore(character: string): void {
    if (this.#text[this.#at + 1] === character) throw this.#refusal("it has an extglob");
  }

  #refusal(fact: string): ConfigurationError {
    return new ConfigurationError("ERR_GLOB", `Cannot translate glob ${JSON.stringify(this.#glob)}: ${fact}`);
  }
}

function mayBeEmpty(node: GlobNode): boolean {
  if (node.kind === "choice") return node.branches.some((branch) => branch.every(mayBeEmpty));
  return node.kind === "star" && !node.atLeastOne;
}
