/** The first and the last code point of a range of characters. */
export type CodeRange = readonly [first: number, last: number];

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
  /** `[a-z]`, `[^a-z]`, never a slash. */
  | { readonly kind: "class"; readonly members: readonly CodeRange[]; readonly negated: boolean }
  /** `{a,b}`, `@(a|b)`. */
  | { readonly kind: "choice"; readonly branches: Branches }
  /** `?(a|b)`, `*(a|b)`, `+(a|b)`. */
  | { readonly kind: "repeat"; readonly branches: Branches; readonly least: 0 | 1; readonly once: boolean }
  /** `!(a|b)`: characters that are no slash and not one of these. */
  | { readonly kind: "not"; readonly branches: Branches };

/** What stands between the braces or parentheses, cut at commas or bars. */
export type Branches = readonly (readonly GlobNode[])[];

/**
 * What a `**` stands for: `end`, of "/a/**", covers "/a" too; `middle`, of "/a/**" followed by a slash, which belongs to
 * it, is any number of whole segments; `any` is any text.
 */
export type GlobstarForm = "end" | "middle" | "any";

/** A glob in parts. */
export interface ParsedGlob {
  /** Whether it covers what the rest of it does not: "!/public/**". */
  readonly negated: boolean;
  /** Whether it is compared with the last segment alone. */
  readonly lastSegment: boolean;
  readonly nodes: readonly GlobNode[];
}

/** Whether a part of a glob covers the empty text, apart from `!(…)`: what that leaves out is free. */
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
