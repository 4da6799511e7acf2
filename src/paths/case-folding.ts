/** Characters that some programs take for the units `from` to `to`, the latter not included, of a {@link FoldedText}. */
export interface Spelling {
  readonly from: number;
  readonly to: number;
  readonly characters: readonly string[];
}

/** A text in units that no program tells apart any further, and each way to write them. */
export interface FoldedText {
  /** How many units it has. */
  readonly length: number;
  readonly spellings: readonly Spelling[];
}

/**
 * A character as the sequence of characters that programs may take it for when they ignore case: in lower case after it
 * was in upper case, since some compare the one and some the other ("ſ" is an S, the Kelvin sign a k, "ß" two S, "ﬁ" an F
 * and an I), and decomposed, as some file systems compare names ("é" is an e and an accent).
 */
export function foldCharacter(character: string): string {
  return character.toLowerCase().toUpperCase().toLowerCase().normalize("NFD");
}

/** Finds all the ways to write a text that some program takes for the same. */
export function foldText(text: string): FoldedText {
  const units = Array.from(Array.from(text.normalize("NFC"), foldCharacter).join("").normalize("NFD"));
  const variants = units.every(isAscii) ? asciiVariants() : allVariants();
  const spellings: Spelling[] = [];
  for (let from = 0; from < units.length; from += 1) {
    for (let to = from + 1; to <= Math.min(from + LONGEST, units.length); to += 1) {
      const characters = charactersFor(units.slice(from, to).join(""), variants);
      if (characters.length > 0) spellings.push({ from, to, characters });
    }
  }
  return { length: units.length, spellings };
}

/** The characters that fold to this, and where it is one character or composes to one, that. */
function charactersFor(folded: string, variants: Variants): readonly string[] {
  const composed = folded.normalize("NFC");
  const own = [folded, composed].filter(isOne);
  const known = variants.get(folded) ?? [];
  switch (folded) {
    // The capital I with a dot becomes "i" in Go and Java, and "i" with an accent in JavaScript.
    case "i":
      return [...new Set([...own, ...known, DOTTED])];
    case "i\u0307":
      return [...new Set([...known, ...charactersFor("i", variants)])];
    default:
      return [...new Set([...own, ...known])];
  }
}

const DOTTED = "\u0130";

function isOne(text: string): boolean {
  return Array.from(text).length === 1;
}

/** The single characters that some program takes for this one, itself included. */
export function variantsOf(character: string): readonly string[] {
  const { length, spellings } = foldText(character);
  return [
    character,
    ...spellings.filter(({ from, to }) => to - from === length).flatMap(({ characters }) => characters),
  ];
}

/** The most units that one character stands for: of "ᾂ", an alpha, two accents and an iota. */
const LONGEST = 4;

type Variants = ReadonlyMap<string, readonly string[]>;

let ofAscii: Variants | undefined;
let ofAll: Variants | undefined;

/** What folds to ASCII alone, from beyond it; a test compares this with all of Unicode. */
export const BEYOND_ASCII = "ßẞıſ\u212Aﬀﬁﬂﬃﬄﬅﬆ\u037E\u1FEF";

function asciiVariants(): Variants {
  ofAscii ??= collect("ABCDEFGHIJKLMNOPQRSTUVWXYZ" + BEYOND_ASCII);
  return ofAscii;
}

/** Only a text with letters beyond ASCII is worth the look at all of them. */
function allVariants(): Variants {
  ofAll ??= collect(changing());
  return ofAll;
}

/** The characters that fold to others. What is merely composed is not among them: that is found by composing. */
function* changing(): Generator<string> {
  // Between them are ideographs and Hangul, which have no case.
  for (const [first, last] of [
    [0, 0x33ff],
    [0xa4d0, 0xabff],
    [0xf900, 0xffef],
    // Deseret and others of its time, Warang Citi, Medefaidrin, Adlam.
    [0x10400, 0x10dff],
    [0x118a0, 0x118df],
    [0x16e40, 0x16eff],
    [0x1e900, 0x1e95f],
    [0x2f800, 0x2fa1f],
  ] as const) {
    for (let code = first; code <= last; code += 1) {
      const character = String.fromCodePoint(code);
      if (/\p{Changes_When_Casemapped}/u.test(character) || character.normalize("NFC") !== character) {
        yield character;
      }
    }
  }
}

function collect(characters: Iterable<string>): Variants {
  const variants = new Map<string, string[]>();
  for (const character of characters) {
    const folded = foldCharacter(character);
    if (folded === character) continue;
    const known = variants.get(folded);
    if (known === undefined) variants.set(folded, [character]);
    else known.push(character);
  }
  return variants;
}

function isAscii(unit: string): boolean {
  return unit < "\x80";
}
