import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** A package on this machine. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Its folder, without links. */
  readonly folder: string;
}

/**
 * Returns what a project has to write into its package.json to depend on the very package that runs: the packed file or the URL that
 * npm installed it from, else the packed file in its folder, else its folder. Never a bare version: the package is in no registry, and
 * npm would install a package of others that has its name.
 *
 * @param project the folder of the project, without links
 */
export function dependencyOn(running: InstalledPackage, project: string): string {
  const source = installedFrom(running);
  if (source?.kind === "url") return source.url;
  const packed = join(running.folder, `${running.name}-${running.version}.tgz`);
  return fileDependency(source?.path ?? (existsSync(packed) ? packed : running.folder), project);
}

type Source =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "url"; readonly url: string };

/** Reads what npm has recorded about a package in a folder `node_modules`; undefined for a checkout. */
function installedFrom({ name, folder }: InstalledPackage): Source | undefined {
  const modules = dirname(folder);
  const resolved = resolvedIn(join(modules, ".package-lock.json"), `node_modules/${name}`);
  if (resolved === undefined) return undefined;
  if (!resolved.startsWith("file:")) return { kind: "url", url: resolved };
  const path = resolve(dirname(modules), decodedPath(resolved.slice("file:".length)));
  return existsSync(path) ? { kind: "file", path } : undefined;
}

function resolvedIn(lockFile: string, place: string): string | undefined {
  try {
    const { packages } = JSON.parse(readFileSync(lockFile, "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly link?: boolean }>>;
    };
    return packages[place]?.resolved;
  } catch {
    return undefined;
  }
}

/** npm records paths of folders as they are, also with a "%" that encodes nothing. */
function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A path relative to the project, so that both can be moved together; npm reads it as a URL. */
function fileDependency(path: string, project: string): string {
  const from = relative(project, realpathSync(path)).split(sep).join("/");
  return `file:${from.replaceAll(/[%#?]/g, encodeURIComponent)}`;
}
