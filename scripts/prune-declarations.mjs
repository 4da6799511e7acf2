// Removes from dist/ each declaration file that no entry of the package needs. The compiler writes one for every source
// file; users need a third of them.
import { readFileSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const needed = new Set();
const waiting = Object.values(exports).flatMap(({ types }) => types ?? []);
for (const entry of waiting) {
  const file = join(root, entry);
  if (needed.has(file)) continue;
  needed.add(file);
  const imports = readFileSync(file, "utf8").matchAll(/(?:from |import\(?\s*)"(\.[^"]+)\.js"/g);
  // The array grows while the loop runs.
  for (const [, path] of imports) waiting.push(join(dirname(entry), `${path}.d.ts`));
}

for (const file of readdirSync(join(root, "dist"), { recursive: true, withFileTypes: true })) {
  const path = join(file.parentPath, file.name);
  if (file.name.endsWith(".d.ts") && !needed.has(path)) rmSync(path);
}
removeEmptyFolders(join(root, "dist"));

/** @param {string} folder */
function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
