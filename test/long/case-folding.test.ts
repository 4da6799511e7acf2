import { describe, expect, test } from "vitest";

import { BEYOND_ASCII, foldCharacter, foldText, variantsOf } from "../../src/paths/case-folding.js";

/** Unicode's own, without what is no character. */
function* everyCharacter(): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code += 1) {
    if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code);
  }
}

describe("foldCharacter", () => {
  test.each([
    ["K", "k"],
    ["\u212A", "k"],
    ["\u017F", "s"],
    ["\u00DF", "ss"],
    ["\u1E9E", "ss"],
    ["\uFB01", "fi"],
    ["\uFB06", "st"],
    ["\u0131", "i"],
    ["\u03C2", "\u03C3"],
    ["\u00C9", "e\u0301"],
    ["\u{10400}", "\u{10428}"],
  ])("folds %s to %s", (character, folded) => {
    expect(foldCharacter(character)).toBe(folded);
  });

  test("equates all variants that Unicode has for a character", () => {
    const fold = (text: string): string =>
      Array.from(text.normalize("NFC"), foldCharacter).join("").normalize("NFD");
    const different: string[] = [];
    for (const character of everyCharacter()) {
      const folded = foldCharacter(character);
      const forms = [character.toLowerCase(), character.toUpperCase(), character.normalize("NFC"), folded];
      if (forms.some((form) => fold(form) !== folded.normalize("NFD"))) different.push(character);
    }
    expect(different).toEqual([]);
  });
});

describe("foldText", () => {
  test("finds each character that folds to the text", () => {
    const missed: string[] = [];
    const toAscii: string[] = [];
    for (const character of everyCharacter()) {
      const folded = foldCharacter(character);
      if (folded === character) continue;
      if (character >= "\x80" && /^[\0-\x7f]+$/.test(folded)) toAscii.push(character);
      const { length, spellings } = foldText(folded);
      const whole = spellings.find(({ from, to }) => from === 0 && to === length);
      if (whole?.characters.includes(character) !== true) missed.push(character);
    }
    expect(toAscii.sort()).toEqual(Array.from(BEYOND_ASCII).sort());
    // Musical symbols, which nothing composes.
    expect(missed.filter((character) => !/[\u{1D15E}-\u{1D1C0}]/u.test(character))).toEqual([]);
  });

  test("folds the dotted capital I to i, with and without its dot", () => {
    expect(variantsOf("i")).toContain("\u0130");
    expect(variantsOf("\u0130")).toEqual(expect.arrayContaining(["i", "I", "\u0131"]));
  });
});
