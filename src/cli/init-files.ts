import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** A file of a new project. */
export interface ProjectFile {
  /** Relative to the project, with slashes. */
  readonly path: string;
  readonly content: Buffer | string;
}

/** What differs from project to project. */
export interface ProjectFacts {
  /** The name of the package. */
  readonly name: string;
  /** The version of each package that the project depends on. */
  readonly versionOf: (dependency: string) => string;
}

/** The name of the package in the template. */
const TEMPLATE_NAME = "project";

/** The package.json of the template. Each version is `*` there. */
interface Manifest {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** The packages that a project depends on. */
export function dependenciesOf(template: string): readonly string[] {
  const { dependencies, devDependencies } = readManifest(template);
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
}

/** Reads the files of a new project from the template. */
export function projectFiles(template: string, facts: ProjectFacts): readonly ProjectFile[] {
  return readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => projectFile(template, relative(template, file).split(sep).join("/"), facts));
}

function projectFile(template: string, path: string, { name, versionOf }: ProjectFacts): ProjectFile {
  const content = readFileSync(join(template, path));
  switch (path) {
    case "package.json": {
      const manifest = readManifest(template);
      const filled = {
        ...manifest,
        name,
        dependencies: filledWith(versionOf, manifest.dependencies),
        devDependencies: filledWith(versionOf, manifest.devDependencies),
      };
      return { path, content: `${JSON.stringify(filled, null, 2)}\n` };
    }
    case "README.md":
      return { path, content: content.toString().replace(`# ${TEMPLATE_NAME}\n`, `# ${name}\n`) };
    case "public/index.html":
      return {
        path,
        content: content.toString().replace(`<title>${TEMPLATE_NAME}</title>`, `<title>${name}</title>`),
      };
    case "gitignore":
      // npm leaves files of the name .gitignore out of packages.
      return { path: ".gitignore", content };
    default:
      return { path, content };
  }
}

function readManifest(template: string): Manifest {
  return JSON.parse(readFileSync(join(template, "package.json"), "utf8")) as Manifest;
}

function filledWith(
  versionOf: (dependency: string) => string,
  dependencies: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionOf(name)]));
}
