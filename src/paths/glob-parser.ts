import { ConfigurationError } from "../errors.js";
import type { Branches, CodeRange, GlobNode, ParsedGlob } from "./glob-nodes.js";

/**
 * Parses a glob: `*`, `**`, `?`, `{a,b}`, `[a-z]`, `[^a-z]`, `\` before a literal character, `!` before the whole glob, and
 * `@(a|b)`, `?(…)`, `*(…)`, `+(…)`, `!(…)`.
 *
 * @throws ConfigurationError `ERR_GLOB` for an invalid glob, and for one that shells and libraries interpret differently
 */
export function parseGlob(glob: string): ParsedGlob {
  const { mark, bare } = withoutMark(glob);
  const lastSegment = !bare.includes("/");
  const text = (lastSegment ? bare : rooted(bare)).replaceAll(/(?:\/\*\*){2,}(?=\/|$)/g, "/**");
  const parser = new GlobParser(glob, text, lastSegment);
  return { negated: mark.length % 2 === 1, lastSegment, nodes: parser.all() };
}

/** Splits a glob into the `!` before it, unless that begins an extglob, and the rest. */
export function withoutMark(glob: string): { readonly mark: string; readonly bare: string } {
  const mark = /^(?:!(?!\())*/.exec(glob)![0];
  return { mark, bare: glob.slice(mark.length) };
}

/** Adds the leading slash that a glob over whole paths may omit. */
export function rooted(bare: string): string {
  return /^(?:[/{]|[@+?*!]\()/.test(bare) ? bare : `/${bare}`;
}

/** Characters that are literal only after a backslash. */
const SPECIAL = new Set('()|"]}');
/** Characters that begin an extglob if "(" follows. */
const PREFIXES = new Set("@?*+!");

/** Parses from left to right; `#at` is the index of the next character. */
class GlobParser {
  readonly #glob: string;
  readonly #text: string;
  readonly #lastSegment: boolean;
  #at = 0;
  /** The characters that end the current branch, of the innermost braces or parentheses. */
  #closing = "";

  constructor(glob: string, text: string, lastSegment: boolean) {
    this.#glob = glob;
    this.#text = text;
    this.#lastSegment = lastSegment;
  }

  all(): readonly GlobNode[] {
    if (this.#text === "") throw this.#refusal("it is empty");
    if (this.#text.includes("//")) throw this.#refusal("it has an empty segment, and no path has one");
    const nodes = this.#sequence();
    if (this.#at < this.#text.length) throw this.#refusal(`it has an unmatched ${this.#text[this.#at]}`);
    return nodes;
  }

  #sequence(): readonly GlobNode[] {
    const nodes: GlobNode[] = [];
    while (this.#at < this.#text.length && !this.#closing.includes(this.#text[this.#at]!)) {
      const node = this.#node(this.#text[this.#at]!);
      const last = nodes.at(-1);
      if (node.kind === "text" && last?.kind === "text") {
        nodes[nodes.length - 1] = { kind: "text", text: last.text + node.text };
      } else nodes.push(node);
    }
    return nodes;
  }

  #node(character: string): GlobNode {
    if (PREFIXES.has(character) && this.#text[this.#at + 1] === "(") return this.#extglob(character);
    switch (character) {
      case "/":
        this.#at += 1;
        return { kind: "slash" };
      case "?":
        this.#at += 1;
        return { kind: "one" };
      case "*":
        return this.#text[this.#at + 1] === "*" ? this.#globstar() : this.#star(1);
      case "[":
        return this.#class();
      case "{":
        return this.#braces();
      default:
        return this.#literal(character);
    }
  }

  #star(length: number): GlobNode {
    const isStart = this.#at === 0 || this.#text[this.#at - 1] === "/";
    this.#at += length;
    const next = this.#text[this.#at];
    return { kind: "star", atLeastOne: isStart && (next === undefined || next === "/") };
  }

  #globstar(): GlobNode {
    const before = this.#text[this.#at - 2] === "\\" ? "" : (this.#text[this.#at - 1] ?? "/");
    const after = this.#text[this.#at + 2] ?? "";
    if (after === "*") throw this.#refusal("it has more than two stars in a row");
    const isWhole =
      /[/{,}(|)]/.test(before) && /^(?:[/{,}|)]|[@?*+!]\(|$)/.test(this.#text.slice(this.#at + 2));
    // Two stars next to other characters of a segment are one star, as in shells.
    if (!isWhole || this.#lastSegment) return this.#star(2);
    const isAfterStar = /[^\\]\*\/$/.test(this.#text.slice(0, this.#at));
    this.#at += 2;
    if (before === "/" && after === "/") {
      this.#at += 1;
      return { kind: "globstar", form: "middle" };
    }
    return { kind: "globstar", form: after === "" && before === "/" && !isAfterStar ? "end" : "any" };
  }

  #class(): GlobNode {
    const match = /^\[([\^!]?)((?:\\.|[^\\[\]/])+)\]/su.exec(this.#text.slice(this.#at));
    if (match === null)
      throw this.#refusal(String.raw`its brackets are not closed; write \[ for the character`);
    const [whole, not, inside] = match as unknown as [string, string, string];
    const members: CodeRange[] = [];
    for (const [range, from, to] of inside.matchAll(/(\\.|.)(?:-(\\.|.))?/gsu)) {
      const first = from!.replace(/^\\/, "").codePointAt(0)!;
      const last = to?.replace(/^\\/, "").codePointAt(0) ?? first;
      if (first > last) throw this.#refusal(`its range ${range} is out of order`);
      members.push([first, last]);
    }
    this.#at += whole.length;
    this.#refuseQuantifier();
    return { kind: "class", members, negated: not !== "" };
  }

  #braces(): GlobNode {
    const branches = this.#branches(",", "}");
    if (branches.length === 1) throw this.#refusal("its braces have no comma");
    this.#refuseQuantifier();
    return { kind: "choice", branches };
  }

  #extglob(prefix: string): GlobNode {
    const start = this.#at;
    this.#at += 1;
    const branches = this.#branches("|", ")");
    switch (prefix) {
      case "@":
        return { kind: "choice", branches };
      case "!":
        if (/\/|\*\*/.test(this.#text.slice(start, this.#at))) {
          throw this.#refusal("it has a slash or two stars in !(…), which excludes within a single segment");
        }
        return { kind: "not", branches };
      default:
        return { kind: "repeat", branches, least: prefix === "+" ? 1 : 0, once: prefix === "?" };
    }
  }

  #branches(separator: string, end: string): Branches {
    const outside = this.#closing;
    this.#closing = separator + end;
    const branches: (readonly GlobNode[])[] = [];
    do {
      this.#at += 1;
      branches.push(this.#sequence());
    } while (this.#text[this.#at] === separator);
    if (this.#text[this.#at] !== end) {
      throw this.#refusal(end === "}" ? "a brace is not closed" : "a parenthesis is not closed");
    }
    this.#closing = outside;
    this.#at += 1;
    return branches;
  }

  #literal(character: string): GlobNode {
    if (character === "\\") {
      const escaped = this.#characterAt(this.#at + 1);
      if (escaped === undefined || /[\w/]/.test(escaped)) {
        throw this.#refusal("it has a backslash before a letter, a digit, a slash or its end");
      }
      this.#at += 1 + escaped.length;
      return { kind: "text", text: escaped };
    }
    if (SPECIAL.has(character)) {
      throw this.#refusal(`it has an unescaped ${character}; write \\${character} for the character`);
    }
    if (character === "." && this.#closing === ",}" && this.#text[this.#at + 1] === ".") {
      throw this.#refusal("it has a range in braces");
    }
    const text = this.#characterAt(this.#at)!;
    this.#at += text.length;
    return { kind: "text", text };
  }

  /** The code point at an index. */
  #characterAt(at: number): string | undefined {
    const code = this.#text.codePointAt(at);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  /** Some libraries read a plus after brackets or braces as a repetition. */
  #refuseQuantifier(): void {
    if (this.#text[this.#at] === "+") throw this.#refusal("it has + after brackets or braces");
  }

  #refusal(fact: string): ConfigurationError {
    return new ConfigurationError("ERR_GLOB", `Cannot read glob ${JSON.stringify(this.#glob)}: ${fact}`);
  }
}
