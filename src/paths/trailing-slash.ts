import { mayBeEmpty, type GlobNode, type ParsedGlob } from "./glob-nodes.js";

type Nodes = readonly GlobNode[];

/**
 * Returns a glob and the globs that it also stands for if a trailing slash makes no difference, as for routes: "/a/" also
 * covers "/a".
 */
export function formsOf(parsed: ParsedGlob): readonly ParsedGlob[] {
  const others = endsOf(parsed.nodes).filter((nodes) => nodes.length > 0);
  const { negated, lastSegment } = parsed;
  return [parsed, ...others.map((nodes) => ({ negated, lastSegment, nodes }))];
}

/** Removes the trailing slash from nodes, in each way in which they can have one. */
function endsOf(nodes: Nodes): readonly Nodes[] {
  const ends: Nodes[] = [];
  for (let index = nodes.length - 1; index >= 0; index -= 1) {
    const node = nodes[index]!;
    const before = nodes.slice(0, index);
    const next = nodes[index + 1];
    const isOptional = node.kind === "slash" && next?.kind === "globstar" && next.form === "end";
    if (node.kind === "slash" && !isOptional) ends.push(before);
    // "/a/**/" is each folder below "/a".
    if (node.kind === "globstar" && node.form === "middle")
      ends.push([...before, { kind: "globstar", form: "end" }]);
    if (node.kind === "choice" || node.kind === "repeat") {
      const branches = node.branches.flatMap(endsOf);
      if (branches.length > 0) ends.push([...before, { kind: "choice", branches }]);
    }
    if (!mayBeEmpty(node) && !isOptional) break;
  }
  return ends;
}
