// Bundles src/ into dist/, or into the given folder: a file for each entry of the package, and shared files.
// Node.js takes about half a millisecond to find, read and link a module, and src/ has two hundred.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
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

/** By entry: {@link loadedBy}. */
const loads = new Map();

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
const { output } = await bundle.write({
  dir: folder,
  format: "esm",
  // Without the prefix of a virtual module: shared/pino.js.
  chunkFileNames: ({ name }) => `shared/${name.replace(/^_/, "")}.js`,
  // Three files for all that every application loads, two of them for what a client or a configuration also loads: rolldown
  // would write one for each set of entries that shares it.
  codeSplitting: {
    groups: [
      { name: groupOf("paths", "config/index", "index"), debugName: "paths", priority: 3 },
      { name: groupOf("basics", "client/index", "index"), debugName: "basics", priority: 2 },
      { name: groupOf("application", "index"), debugName: "application", priority: 1 },
    ],
  },
});
await bundle.close();
for (const { fileName, code } of output) writeFileSync(resolve(root, folder, fileName), inOneByte(code));
// Browsers get them as they are.
for (const page of ["page", "inspector/page", "supervisor/page"]) {
  cpSync(resolve(root, "src", page), resolve(root, folder, page), {
    recursive: true,
    filter: (path) => !/\.(?:ts|json|md)$/.test(path),
  });
}

/** The package.json of a folder of the project. */
function manifestOf(of) {
  return JSON.parse(readFileSync(new URL(`../${of}/package.json`, import.meta.url), "utf8"));
}

/**
 * Escapes the few characters beyond Latin-1, all of them in literals and comments: with a single one, V8 keeps the whole file with
 * two bytes for each character.
 */
function inOneByte(code) {
  return code.replaceAll(/[^\0-\xff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Names the group of the modules that all of these entries load. */
function groupOf(name, ...all) {
  return (id, graph) => (all.every((entry) => loadedBy(entry, graph).has(id)) ? name : null);
}

/** The modules that an entry loads at once. */
function loadedBy(entry, graph) {
  const known = loads.get(entry);
  if (known !== undefined) return known;
  const found = new Set([`${root}src/${entry}.ts`]);
  for (const id of found)
    for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  loads.set(entry, found);
  return found;
}
