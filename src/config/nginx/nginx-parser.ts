import type { Place } from "../existing/examiner.js";

/** A directive of nginx, in the place where it takes effect. */
export interface NginxDirective extends Place {
  readonly name: string;
  readonly args: readonly string[];
  /** What is in its braces; undefined if it has none. */
  readonly block: readonly NginxDirective[] | undefined;
}

interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly line: number;
}

/** Parses the output of `nginx -T`, from the main file, which is the first. Included files are in the places of `include`. */
export function parseNginx(output: string): readonly NginxDirective[] {
  const files = filesOf(output);
  const [main] = files.keys();
  return main === undefined ? [] : parseFile(main, { files, main, open: [] });
}

/** The files of the output, in its order. */
function filesOf(output: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const marks = [...output.matchAll(/^# configuration file (\/.*):$/gm)];
  for (const [index, mark] of marks.entries()) {
    files.set(mark[1]!, output.slice(mark.index + mark[0].length + 1, marks[index + 1]?.index));
  }
  return files;
}

interface Dump {
  readonly files: ReadonlyMap<string, string>;
  readonly main: string;
  /** The files that are being included, against circles. */
  readonly open: readonly string[];
}

function parseFile(file: string, dump: Dump): NginxDirective[] {
  const tokens = tokensOf(dump.files.get(file) ?? "");
  return parseBlock(tokens, { ...dump, file, open: [...dump.open, file] });
}

/** Parses until the block ends, and removes its tokens. */
function parseBlock(tokens: Token[], dump: Dump & { readonly file: string }): NginxDirective[] {
  const directives: NginxDirective[] = [];
  const words: Token[] = [];
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    const mark = token.isQuoted ? "" : token.text;
    if (mark === "}") break;
    if (mark !== ";" && mark !== "{") {
      words.push(token);
      continue;
    }
    const [first = token, ...rest] = words.splice(0);
    if (first === token) continue;
    const [name, args] = [first.text, rest.map(({ text }) => text)];
    const place = { file: dump.file, line: first.line };
    if (mark === "{") directives.push({ name, args, ...place, block: parseBlock(tokens, dump) });
    else if (name === "include") directives.push(...included(args[0] ?? "", dump));
    else directives.push({ name, args, ...place, block: undefined });
  }
  return directives;
}

/** The directives of the files that a pattern names, relative to the folder of the main file. */
function included(pattern: string, dump: Dump): NginxDirective[] {
  const folder = dump.main.slice(0, dump.main.lastIndexOf("/"));
  const matches = globRegex(pattern.startsWith("/") ? pattern : `${folder}/${pattern}`);
  return [...dump.files.keys()]
    .filter((file) => matches.test(file) && !dump.open.includes(file))
    .flatMap((file) => parseFile(file, dump));
}

/** A pattern of glob(7), whose wildcards match no slash. */
function globRegex(pattern: string): RegExp {
  const source = pattern.replaceAll(/\[!?[^\]]*\]|[*?]|[\\^$.|+(){}[\]]/g, (part) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.length > 1 && part.startsWith("[") ? part.replace("[!", "[^") : `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

/** Words, `;`, `{` and `}`. The line of a word is where it begins. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\n|#[^\n]*|"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|[;{}]|(?:\$\{[^}]*\}|\\[\s\S]|[^\s;{}])+/g;
  let line = 1;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, double, single] = match;
    const quoted = double ?? single;
    if (whole === "\n") line += 1;
    else if (!whole.startsWith("#"))
      tokens.push({ text: quoted ?? whole, isQuoted: quoted !== undefined, line });
    if (whole !== "\n") line += whole.split("\n").length - 1;
    // Code of other languages has braces and quotes of its own.
    if (!whole.endsWith("_by_lua_block")) continue;
    const end = endOfCode(text, pattern.lastIndex);
    line += text.slice(pattern.lastIndex, end).split("\n").length - 1;
    pattern.lastIndex = end;
    tokens.push({ text: ";", isQuoted: false, line });
  }
  return tokens;
}

/** The index after a block of Lua, whose braces are balanced outside of texts and comments. */
function endOfCode(text: string, start: number): number {
  const pattern = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|--[^\n]*|[{}]/g;
  pattern.lastIndex = start;
  let depth = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match[0] === "{") depth += 1;
    if (match[0] === "}") depth -= 1;
    if (match[0] === "}" && depth === 0) return pattern.lastIndex;
  }
  return text.length;
}
