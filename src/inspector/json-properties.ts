import type { Span } from "./spans.js";

/** The name of a property, and where its value begins. The lengths are bounded, so that the time is linear. */
const NAME = /"([^"\\]{1,128})"\s{0,16}:\s{0,16}/g;
/** A string, which may be cut, or another value that is not a list or an object. */
const SIMPLE = /"(?:[^"\\]|\\[^])*"?|[^\s"[{,}\]]+/y;
/** What says nothing of a secret but whether there is one. */
const HARMLESS = new Set(["true", "false", "null"]);
/** What matters for where a list or an object ends. */
const STRUCTURE = /"(?:[^"\\]|\\[^])*"?|[[\]{}]/g;

/** The values of the properties of JSON in a text whose names are secret: with all that is in them, if they are lists or objects. */
export function secretProperties(
  text: string,
  isSecret: (name: string, value: string) => boolean,
): readonly Span[] {
  const spans: Span[] = [];
  NAME.lastIndex = 0;
  for (let found = NAME.exec(text); found !== null; found = NAME.exec(text)) {
    const start = NAME.lastIndex;
    const isStructure = text[start] === "[" || text[start] === "{";
    const simple = isStructure ? "" : simpleAt(text, start);
    if (!isSecret(found[1]!, simple) || HARMLESS.has(simple)) continue;
    const end = isStructure ? endOfStructure(text, start) : start + simple.length;
    if (end > start) spans.push({ start, end });
    // Not again what is in it, so that the time stays linear.
    NAME.lastIndex = end;
  }
  return spans;
}

function simpleAt(text: string, start: number): string {
  SIMPLE.lastIndex = start;
  return SIMPLE.exec(text)?.[0] ?? "";
}

/** The end of the text, if the list or object is cut. */
function endOfStructure(text: string, start: number): number {
  let depth = 0;
  STRUCTURE.lastIndex = start;
  for (let found = STRUCTURE.exec(text); found !== null; found = STRUCTURE.exec(text)) {
    const [token] = found;
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth === 0) return STRUCTURE.lastIndex;
  }
  return text.length;
}
