// Bundles src/ into dist/: one file for each entry of the package, and the files that they share. Node.js needs about half
// a millisecond to find, read and link a module, and there are two hundred of them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../", import.meta.url));
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The sources that dist/ has a file for: what package.json exports, and its command. */
const published = [
  ...Object.values(manifest.exports).flatMap((entry) => entry.default ?? []),
  ...Object.values(manifest.bin),
];
const entries = published.map((file) => /^\.\/dist\/(.+)\.js$/.exec(file)[1]);

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "node",
  tsconfig: "tsconfig.json",
  // What is a dependency stays one: users may import it too, and get its security updates without ours.
  external: /^[^./]/,
});
await bundle.write({
  dir: "dist",
  format: "esm",
  sourcemap: true,
  chunkFileNames: "shared/[name].js",
});
await bundle.close();
