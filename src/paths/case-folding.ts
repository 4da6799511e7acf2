/** Characters that some program equates with the units `from` (inclusive) to `to` (exclusive) of a {@link FoldedText}. */
export interface Spelling {
  readonly from: number;
  readonly to: number;
  readonly characters: readonly string[];
}

/** A case-folded text in units, and each way to write them. */
export interface FoldedText {
  /** The number of units. */
  readonly length: number;
  readonly spellings: readonly Spelling[];
}

/**
 * Folds a character to the sequence that case-insensitive programs may compare: to upper and then to lower case, since some
 * compare one and some the other ("ſ" folds to s, the Kelvin sign to k, "ß" to ss, "ﬁ" to fi), and decomposed, as some file
 * systems compare names ("é" is an e and an accent).
 */
export function foldCharacter(character: string): string {
  return character.toLowerCase().toUpperCase().toLowerCase().normalize("NFD");
}

/** Finds all spellings that some program equates with a text. */
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

/** The characters that fold to this text, and the character that it is or composes to. */
function charactersFor(folded: string, variants: Variants): readonly string[] {
  const composed = folded.normalize("NFC");
  const literal = [folded, composed].filter(isSingle);
  const known = variants.get(folded) ?? [];
  switch (folded) {
    // Go and Java fold the capital I with a dot to "i", JavaScript to "i" with an accent.
    case "i":
      return [...new Set([...literal, ...known, DOTTED])];
    case "i\u0307":
      return [...new Set([...known, ...charactersFor("i", variants)])];
    default:
      return [...new Set([...literal, ...known])];
  }
}

const DOTTED = "\u0130";

function isSingle(text: string): boolean {
  return Array.from(text).length === 1;
}

/** Returns the single characters that some program equates with this one, including itself. */
export function variantsOf(character: string): readonly string[] {
  const { length, spellings } = foldText(character);
  return [
    character,
    ...spellings.filter(({ from, to }) => to - from === length).flatMap(({ characters }) => characters),
  ];
}

/** The most units that one character folds to: "ᾂ" folds to an alpha, two accents and an iota. */
const LONGEST = 4;

type Variants = ReadonlyMap<string, readonly string[]>;

let ofAscii: Variants | undefined;
let ofAll: Variants | undefined;

/** Non-ASCII characters that fold to ASCII; a test compares the list with all of Unicode. */
export const BEYOND_ASCII = "ßẞıſ\u212Aﬀﬁﬂﬃﬄﬅﬆ\u037E\u1FEF";

function asciiVariants(): Variants {
  ofAscii ??= collect("ABCDEFGHIJKLMNOPQRSTUVWXYZ" + BEYOND_ASCII);
  return ofAscii;
}

/** Built only for texts with non-ASCII letters, because it scans most of Unicode. */
function allVariants(): Variants {
  ofAll ??= collect(changing());
  return ofAll;
}

/** The characters that case mapping or composition may change. */
function* changing(): Generator<string> {
  // The gaps are ideographs and Hangul, which have no case.
  for (const [first, last] of [
    [0, 0x33ff],
    [0xa4d0, 0xabff],
    [0xf900, 0xffef],
    // Deseret to Adlam: the cased scripts beyond the basic plane.
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
