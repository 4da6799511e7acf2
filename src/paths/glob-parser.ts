import { ConfigurationError } from "../errors.js";
import type { Branches, CodeRange, GlobNode, ParsedGlob } from "./glob-nodes.js";

/**
 * Reads a glob: `*`, `**`, `?`, `{a,b}`, `[a-z]`, `[^a-z]`, `\` in front of a character that stands for itself, `!` in front
 * of the whole glob, and `@(a|b)`, `?(…)`, `*(…)`, `+(…)`, `!(…)`.
 *
 * @throws ConfigurationError `ERR_GLOB` for what is none, and for what shells and libraries understand in different ways
 */
export function parseGlob(glob: string): ParsedGlob {
  const { mark, bare } = withoutMark(glob);
  const lastSegment = !bare.includes("/");
  const text = (lastSegment ? bare : rooted(bare)).replaceAll(/(?:\/\*\*){2,}(?=\/|$)/g, "/**");
  const parser = new GlobParser(glob, text, lastSegment);
  return { negated: mark.length % 2 === 1, lastSegment, nodes: parser.all() };
}

/** A glob and the `!` in front of it, which is none of an extglob. */
export function withoutMark(glob: string): { readonly mark: string; readonly bare: string } {
  const mark = /^(?:!(?!\())*/.exec(glob)![0];
  return { mark, bare: glob.slice(mark.length) };
}

/** A glob over whole paths with the slash that they begin with. */
export function rooted(bare: string): string {
  return /^(?:[/{]|[@+?*!]\()/.test(bare) ? bare : `/${bare}`;
}

/** Characters that stand for themselves only behind a backslash. */
const SPECIAL = new Set('()|"]}');
/** What begins an extglob together with a "(". */
const PREFIXES = new Set("@?*+!");

/** Reads from left to right; `#at` is the next character. */
class GlobParser {
  readonly #glob: string;
  readonly #text: string;
  readonly #lastSegment: boolean;
  #at = 0;
  /** What ends the branch that is read: those of the innermost braces or brackets. */
  #closing = "";

  constructor(glob: string, text: string, lastSegment: boolean) {
    this.#glob = glob;
    this.#text = text;
    this.#lastSegment = lastSegment;
  }

  all(): readonly GlobNode[] {
    if (this.#text === "") throw this.#refusal("it is empty");
    if (this.#text.includes("//")) throw this.#refusal("it has an empty segment, which no path has");
    const nodes = this.#sequence();
    if (this.#at < this.#text.length) throw this.#refusal(`there is a ${this.#text[this.#at]} too many`);
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
    // Beside other characters of a segment two stars are one, as in every shell.
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
      if (first > last) throw this.#refusal(`its range ${range} is upside down`);
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
          throw this.#refusal("it has a slash or two stars in !(…), which says what a single segment is not");
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
        throw this.#refusal("it has a backslash in front of a letter, a digit, a slash or nothing");
      }
      this.#at += 1 + escaped.length;
      return { kind: "text", text: escaped };
    }
    if (SPECIAL.has(character)) {
      throw this.#refusal(
        `it has ${character}, which means something; write \\${character} for the character`,
      );
    }
    if (character === "." && this.#closing === ",}" && this.#text[this.#at + 1] === ".") {
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

  /** To some libraries a plus behind brackets and braces repeats them. */
  #refuseQuantifier(): void {
    if (this.#text[this.#at] === "+") throw this.#refusal("it has + behind brackets or braces");
  }

  #refusal(fact: string): ConfigurationError {
    return new ConfigurationError("ERR_GLOB", `Cannot read glob ${JSON.stringify(this.#glob)}: ${fact}`);
  }
}
