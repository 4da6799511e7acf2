// Bundles src/ into dist/, or into the folder that is named: a file for each entry of the package, and the files that they
// share. To find, read and link a module takes Node.js about half a millisecond, and src/ has two hundred of them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../", import.meta.url));
const require = createRequire(import.meta.url);
const [folder = "dist"] = process.argv.slice(2);
const { exports, bin, dependencies } = manifestOf(".");

/** The sources that there is a published file for: what package.json exports, and its command. */
const published = [...Object.values(exports).flatMap((entry) => entry.default ?? []), ...Object.values(bin)];
const entries = published.map((file) => /^\.\/dist\/(.+)\.js$/.exec(file)[1]);

const commonJs = Object.keys(dependencies).filter(
  (name) => manifestOf(`node_modules/${name}`).type !== "module",
);

/**
 * Has dependencies that are CommonJS loaded by require. Where they are imported, Node.js first runs a lexer over each of
 * their files, to find out what it exports: 45 ms and 6 MiB for those of a plain application. It is the same instance
 * that others import.
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
    // Those who read what was bundled find a name that says what it is: findMyWayModule.
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
  // What is a dependency stays one: users may import it too, and get its security updates without ours.
  external: (name) => /^[^./\0]/.test(name) && !commonJs.includes(name),
  // Of the exports above only those stay that are used.
  treeshake: { propertyReadSideEffects: false },
});
await bundle.write({
  dir: folder,
  format: "esm",
  // Without the mark of a module that is no file: shared/pino.js.
  chunkFileNames: ({ name }) => `shared/${name.replace(/^_/, "")}.js`,
  // Small files that most entries share stand in one, rather than in one for each set of entries that does.
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
