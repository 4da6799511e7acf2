import { lstatSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";

import { ConfigurationError } from "../errors.js";
import { initHelp } from "./help.js";
import { parseInitArguments, type InitArguments } from "./init-arguments.js";
import { dependenciesOf, projectFiles, type ProjectFile } from "./init-files.js";
import { checkPackageName, packageNameOf } from "./init-name.js";
import { dependencyOn } from "./init-source.js";

/** The folder of this package. */
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));

/** What may be in the folder of a new project. */
const HARMLESS = new Set([".git", ".DS_Store"]);

/** How many names are listed of what is in the way. */
const LISTED = 3;

/**
 * `tricorn init`: writes a new project into an empty folder, and prints what to do next.
 *
 * @throws UsageError, ConfigurationError `ERR_PROJECT_FOLDER`, `ERR_PROJECT_NAME`
 */
export async function initCommand(args: readonly string[]): Promise<void> {
  const parsed = parseInitArguments(args);
  if (parsed.help) {
    process.stdout.write(initHelp());
    return;
  }
  const folder = await chooseFolder(parsed);
  const project = resolve(folder);
  refuseNonEmpty(folder);

  const template = join(PACKAGE, "template");
  const dependencies = dependenciesOf(template);
  if (parsed.name !== undefined) checkPackageName(parsed.name, dependencies);
  const name = parsed.name ?? packageNameOf(basename(project), dependencies);
  await createFolder(project);
  const versionOf = versionsFor(realpathSync(project));
  await writeFiles(project, projectFiles(template, { name, versionOf }));
  process.stdout.write(nextCommands(folder));
}

/** Asks for a folder if none is given and the current one is not empty: there is no sensible answer to assume. */
async function chooseFolder({ folder, yes }: InitArguments): Promise<string> {
  if (folder !== undefined) return folder;
  const canAsk = !yes && process.stdin.isTTY && process.stdout.isTTY;
  if (!canAsk || inTheWay(".").length === 0) return ".";
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question("The current folder is not empty. Name of the new folder: ");
    return answer.trim() || ".";
  } finally {
    terminal.close();
  }
}

/** @throws ConfigurationError `ERR_PROJECT_FOLDER` */
function refuseNonEmpty(folder: string): void {
  const names = inTheWay(folder);
  if (names.length === 0) return;
  const more = names.length - LISTED;
  const listed = names.slice(0, LISTED).join(", ");
  throw folderError(
    folder,
    `it is not empty: it has ${listed}${more > 0 ? ` and ${more} more` : ""}; name a new folder: tricorn init hats`,
  );
}

/** The names in a folder that are not harmless; none if it does not exist. */
function inTheWay(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !HARMLESS.has(name))
      .sort();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !isLink(folder)) return [];
    if (code === "ENOENT") throw folderError(folder, "it is a link to a folder that does not exist", error);
    throw folderError(folder, code === "ENOTDIR" ? "it is a file" : message, error);
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

async function createFolder(project: string): Promise<void> {
  try {
    await mkdir(project, { recursive: true });
  } catch (error) {
    throw folderError(project, (error as Error).message, error);
  }
}

async function writeFiles(project: string, files: readonly ProjectFile[]): Promise<void> {
  try {
    for (const { path, content } of files) {
      const file = join(project, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content, { flag: "wx" });
    }
  } catch (error) {
    throw folderError(project, (error as Error).message, error);
  }
}

/** The versions that Tricorn itself is tested with, from its own package.json; for Tricorn itself, where it is. */
function versionsFor(project: string): (dependency: string) => string {
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const tested = { ...manifest.devDependencies, ...manifest.dependencies };
  return (dependency) => {
    if (dependency === manifest.name)
      return dependencyOn({ ...manifest, folder: realpathSync(PACKAGE) }, project);
    // The oldest version of a range is the one that package-lock.json has.
    return tested[dependency]!.replace(/^\^/, "");
  };
}

function nextCommands(folder: string): string {
  // A shell takes a name with a hyphen in front for options.
  const path = folder.startsWith("-") ? `./${folder}` : folder;
  const word = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
  const isHere = resolve(folder) === process.cwd();
  return `Created a project${isHere ? "" : ` in ${folder}`}; its README.md says what is where. Next:

${isHere ? "" : `  cd ${word}\n`}  npm install
  npm run dev
`;
}

function folderError(folder: string, fact: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError("ERR_PROJECT_FOLDER", `Cannot create a project in ${folder}: ${fact}`, cause);
}
