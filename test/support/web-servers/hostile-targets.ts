/** One way to write a path so that some program reads it as the same path, or as another one. */
type Spelling = (path: string) => string;

/** Replaces the first of these letters by what some routers and file systems fold to it. */
const folded = (letter: string, other: string): Spelling => {
  return (path) => path.replace(letter, encodeURIComponent(other));
};

/** Writes a character with its code in UTF-8, so often encoded. */
const encoded = (character: string, times: number): Spelling => {
  const code = `%${"25".repeat(times - 1)}${character.charCodeAt(0).toString(16)}`;
  return (path) => path.replace(character, code);
};

/** Puts something behind each slash but the first one. */
const behindSlash = (text: string): Spelling => {
  return (path) => path.replace(/(?<=.)\//, `/${text}`);
};

const spellings: readonly Spelling[] = [
  (path) => path,
  // Folding
  (path) => path.toUpperCase(),
  (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  folded("k", "\u212a"),
  folded("s", "\u017f"),
  folded("i", "\u0130"),
  folded("i", "\u0131"),
  folded("%C3%9F", "ss"),
  folded("%C3%9F", "SS"),
  folded("%C3%9F", "ẞ"),
  folded("fi", "ﬁ"),
  folded("st", "ﬆ"),
  (path) => path.normalize("NFD"),
  // Percent-encoding
  ...["a", "e", "k", "/", "."].flatMap((character) => [encoded(character, 1), encoded(character, 2)]),
  (path) => path.replace(/(?<=.)\//, "%2F"),
  (path) => path.replace(/(?<=.)\//, "%5c"),
  (path) => path.replace(/(?<=.)\//, "\\"),
  (path) => path.replace(/(?<=.)\//, "%c0%af"),
  // Path parameters
  (path) => path.replace(/(?<=.)\//, ";/"),
  (path) => path.replace(/(?<=.)\//, ";a=b/"),
  (path) => path.replace(/(?<=.)\//, "%3b/"),
  (path) => `${path};`,
  (path) => `${path};/y`,
  (path) => `${path}%3By`,
  (path) => `/;a${path}`,
  (path) => `/public/..;${path}`,
  (path) => `/public/%2e%2e;${path}`,
  // Segments
  ...[
    "/",
    "./",
    "%2e/",
    "../",
    "%2e%2e/",
    "%252e%252e/",
    "%2e%2e%2f",
    "a/../",
    "a/%2e%2e/",
    "a/%252e%252e/",
  ].map(behindSlash),
  ...["/", "/.", "/public/..", "/public/%2e%2e", "/public/%252e%252e", "/public/%2E.", "/public%2f.."].map(
    (prefix): Spelling =>
      (path) =>
        prefix + path,
  ),
  ...[
    "/",
    "/.",
    "%2f",
    "%20",
    "%00",
    "%0a",
    "%c2%a0",
    ".",
    "%2e",
    "#",
    "%23",
    "?",
    "%3F",
    "//",
    "/%2e",
    "~",
    "%ff",
  ].map(
    (suffix): Spelling =>
      (path) =>
        path + suffix,
  ),
  (path) => `http://127.0.0.1${path}`,
  (path) => `//127.0.0.1${path}`,
];

/** One of so many pairs of spellings is tried. All of them would take minutes, and find no more. */
const SHARE = 23;

/** The targets by which a client may try to reach these paths past their authorizer. */
export function hostileTargets(paths: readonly string[]): string[] {
  const targets = new Set<string>();
  for (const path of paths) {
    let pair = 0;
    for (const first of spellings) {
      targets.add(first(path));
      for (const second of spellings) if ((pair += 1) % SHARE === 0) targets.add(second(first(path)));
    }
  }
  return [...targets];
}
