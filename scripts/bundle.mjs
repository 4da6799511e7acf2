// Bundles src/ into dist/, or into the given folder: a file for each entry of the package, and shared files.
// Node.js takes about half a millisecond to find, read and link a module, and src/ has two hundred.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../", import.meta.url));
const require = createRequire(import.meta.url);
const [folder = "dist"] = process.argv.slice(2);
const { exports, bin, dependencies } = manifestOf(".");

/** The sources with a published file: the exports of package.json, and its command. */
const published = [...Object.values(exports).flatMap((entry) => entry.default ?? []), ...Object.values(bin)];
const entries = published.map((file) => /^\.\/dist\/(.+)\.js$/.exec(file)[1]);

const commonJs = Object.keys(dependencies).filter(
  (name) => manifestOf(`node_modules/${name}`).type !== "module",
);

/**
 * Loads CommonJS dependencies by require. When they are imported, Node.js first runs a lexer over each of
 * their files to find its exports: 45 ms and 6 MiB for those of a plain application. The instance is the same
 * as for imports.
 */
const requireCommonJs = {
  name: "require-common-js",
  resolveId: {
    order: "pre",
    handler: (name) => (commonJs.includes(name) ? { id: `\0${name}` } : undefined),
  },
  load(id) {
    const name = commonJs.find((one) => id === `\0${one}`);
    if (name === undefined) return undefined;
    const members = Object.keys(require(name)).filter((key) => /^[a-z]\w*$/i.test(key) && key !== "default");
    // Readers of the bundle find a descriptive name: findMyWayModule.
    const words = name.replace(/^@.*\//, "").split("-");
    const variable = `${words.map((word, at) => (at === 0 ? word : word[0].toUpperCase() + word.slice(1))).join("")}Module`;
    return [
      'import { createRequire } from "node:module";',
      `const ${variable} = createRequire(import.meta.url)("${name}");`,
      `export default ${variable};`,
      ...members.map((member) => `export const ${member} = ${variable}.${member};`),
    ].join("\n");
  },
};

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "node",
  tsconfig: "tsconfig.json",
  plugins: [requireCommonJs],
  // Dependencies are not bundled: users may import them too, and get security updates without a release.
  external: (name) => /^[^./\0]/.test(name) && !commonJs.includes(name),
  // Unused exports of the above are dropped.
  treeshake: { propertyReadSideEffects: false },
});
await bundle.write({
  dir: folder,
  format: "esm",
  // Without the prefix of a virtual module: shared/pino.js.
  chunkFileNames: ({ name }) => `shared/${name.replace(/^_/, "")}.js`,
  // Small files that most entries share are one file, rather than one for each set of entries.
  codeSplitting: {
    groups: [
      { name: "params", test: /\/src\/protocol\/(?:byte-collector|name-value|pair-index|params)\.ts$/ },
      {
        name: "basics",
        test: /\/src\/(?:http\/(?:byte-range|hop-by-hop|http-date|method-not-allowed|parameters|preconditions|query)|paths\/(?:automaton|character-set|complement|case-folding|glob-automaton|glob-nodes|glob-parser|lazy-dfa|path-glob|path-readings|route-pattern|trailing-slash)|diagnostics\/(?:caller|listen-reason|options|own-frames)|errors|log\/(?:log-safely|secrets))\.ts$/,
      },
    ],
  },
});
await bundle.close();

/** The package.json of a folder of the project. */
function manifestOf(of) {
  return JSON.parse(readFileSync(new URL(`../${of}/package.json`, import.meta.url), "utf8"));
}
