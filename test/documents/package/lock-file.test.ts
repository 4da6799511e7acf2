// A checkout installs exactly what its lock files name, byte by byte.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const listed = execFileSync("git", ["ls-files", "*package-lock.json"], { cwd: root, encoding: "utf8" });

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly integrity?: string; readonly resolved?: string; readonly link?: boolean }>
  >;
}

test.each(listed.trim().split("\n"))(
  "%s has an integrity hash for each package, and names no registry",
  (file) => {
    const { packages } = JSON.parse(readFileSync(root + file, "utf8")) as LockFile;
    // A workspace is a folder of the repository, with a link in node_modules.
    const entries = Object.entries(packages).filter(
      ([path, { link }]) => path.includes("node_modules/") && link !== true,
    );
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true)).toEqual([]);
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  },
);
