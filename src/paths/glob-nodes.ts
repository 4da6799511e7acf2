/** The first and the last code point of a range of characters. */
export type CodeRange = readonly [first: number, last: number];

/** A node of a parsed glob. */
export type GlobNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "slash" }
  /** `?`: one character other than a slash. */
  | { readonly kind: "one" }
  /** `*`: characters other than a slash; `atLeastOne` if it is a whole segment. */
  | { readonly kind: "star"; readonly atLeastOne: boolean }
  /** `**` as a whole segment. */
  | { readonly kind: "globstar"; readonly form: GlobstarForm }
  /** `[a-z]`, `[^a-z]`, never a slash. */
  | { readonly kind: "class"; readonly members: readonly CodeRange[]; readonly negated: boolean }
  /** `{a,b}`, `@(a|b)`. */
  | { readonly kind: "choice"; readonly branches: Branches }
  /** `?(a|b)`, `*(a|b)`, `+(a|b)`. */
  | { readonly kind: "repeat"; readonly branches: Branches; readonly least: 0 | 1; readonly once: boolean }
  /** `!(a|b)`: characters other than a slash that match none of these. */
  | { readonly kind: "not"; readonly branches: Branches };

/** The alternatives between braces or parentheses. */
export type Branches = readonly (readonly GlobNode[])[];

/**
 * What a `**` covers: `end`, of "/a/**", covers "/a" too; `middle`, of "/a/**" with a following slash, which is part of it,
 * covers any number of whole segments; `any` covers any text.
 */
export type GlobstarForm = "end" | "middle" | "any";

/** A parsed glob. */
export interface ParsedGlob {
  /** Whether it covers what the nodes do not: "!/public/**". */
  readonly negated: boolean;
  /** Whether it is compared with the last segment only. */
  readonly lastSegment: boolean;
  readonly nodes: readonly GlobNode[];
}

/** Whether a node covers the empty text. False for `!(…)`. */
export function mayBeEmpty(node: GlobNode): boolean {
  switch (node.kind) {
    case "choice":
      return node.branches.some((branch) => branch.every(mayBeEmpty));
    case "star":
      return !node.atLeastOne;
    case "repeat":
      return node.least === 0 || node.branches.some((branch) => branch.every(mayBeEmpty));
    case "globstar":
      return true;
    default:
      return false;
  }
}
