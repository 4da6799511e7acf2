import type { Place } from "../existing/examiner.js";

/** A line of HAProxy's configuration, as its words. */
export interface HaproxyLine extends Place {
  readonly words: readonly string[];
}

/** A section with its lines, such as `frontend web`. */
export interface HaproxySection extends Place {
  readonly kind: string;
  /** Its name; "" if it has none. */
  readonly name: string;
  /** The section of defaults that applies; undefined if there is none. */
  readonly defaults: HaproxySection | undefined;
  readonly lines: readonly HaproxyLine[];
}

const KINDS = new Set(
  "global defaults frontend backend listen userlist peers resolvers mailers program http-errors ring fcgi-app cache log-forward".split(
    " ",
  ),
);

/** Parses a file into its sections. */
export function parseHaproxy(text: string, file: string): readonly HaproxySection[] {
  const sections: (HaproxySection & { readonly lines: HaproxyLine[] })[] = [];
  for (const [index, content] of text.split("\n").entries()) {
    const words = wordsOf(content);
    const [kind, name = "", from, defaults] = words;
    if (kind === undefined) continue;
    const place = { file, line: index + 1 };
    if (!KINDS.has(kind)) {
      sections.at(-1)?.lines.push({ ...place, words });
      continue;
    }
    const applies = (one: HaproxySection): boolean =>
      one.kind === "defaults" && (from !== "from" || one.name === defaults);
    sections.push({ kind, name, defaults: sections.findLast(applies), lines: [], ...place });
  }
  return sections;
}

/** The words before a comment, without their quotes. */
function wordsOf(line: string): string[] {
  const words = line.matchAll(/#.*|((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s#"'\\])+)/g);
  return [...words].flatMap(([, word]) => (word === undefined ? [] : [word.replaceAll(/["']/g, "")]));
}
