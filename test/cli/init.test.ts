import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { checkPackageName, packageNameOf } from "../../src/cli/init-name.js";
import { dependencyOn } from "../../src/cli/init-source.js";
import { folderWith } from "../support/folders.js";
import { commandOf, projectFolder } from "../support/node-process.js";

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in a folder. */
function run([program, ...args]: readonly [string, ...string[]], cwd: string): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, out, err });
    });
    child.stdin!.end();
  });
}

/** Runs `tricorn init` in a folder. */
function init(cwd: string, ...args: readonly string[]): Promise<Result> {
  return run([...commandOf("src/cli/main.ts"), "init", ...args], cwd);
}

/** The files below a folder, with slashes. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

function readJson(...path: string[]): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(join(...path), "utf8")) as Record<string, Record<string, string>>;
}

const template = join(projectFolder, "template");

describe("tricorn init", () => {
  test("writes the template into a new folder, and prints what to do next in at most six lines", async () => {
    const cwd = folderWith({});
    const { code, out, err } = await init(cwd, "hats");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(
      "Created a project in hats; its README.md says what is where. Next:\n\n  cd hats\n  npm install\n  npm run dev\n",
    );
    const expected = filesBelow(template).map((name) => (name === "gitignore" ? ".gitignore" : name));
    expect(filesBelow(join(cwd, "hats"))).toEqual(expected.sort());
    for (const name of expected) {
      const source = readFileSync(join(template, name === ".gitignore" ? "gitignore" : name), "utf8");
      const named = source.replace("# project\n", "# hats\n").replace("<title>project<", "<title>hats<");
      if (name !== "package.json") expect(readFileSync(join(cwd, "hats", name), "utf8"), name).toBe(named);
    }
    expect(readFileSync(join(cwd, "hats/README.md"), "utf8")).toMatch(/^# hats\n/);
    expect(readFileSync(join(cwd, "hats/public/index.html"), "utf8")).toContain("<title>hats</title>");
  });

  test("pins each package to the version that package-lock.json has", async () => {
    const cwd = folderWith({});
    await init(cwd, "hats");
    const { dependencies, devDependencies, ...rest } = readJson(cwd, "hats/package.json");
    const { packages } = JSON.parse(readFileSync(join(projectFolder, "package-lock.json"), "utf8")) as {
      packages: Record<string, { version: string }>;
    };
    const pinned = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([name]) => name !== "tricorn",
    );
    expect(pinned.map(([name]) => name)).toEqual(["zod", "@oxc-node/core", "@types/node", "typescript"]);
    for (const [name, version] of pinned)
      expect([name, version]).toEqual([name, packages[`node_modules/${name}`]!.version]);

    const source = readJson(template, "package.json");
    expect(rest).toEqual({ ...source, name: "hats", dependencies: undefined, devDependencies: undefined });
    expect(Object.keys(source["dependencies"]!)).toEqual(Object.keys(dependencies!));
  });

  test("writes into the current folder, next to .git", async () => {
    const cwd = folderWith({ "My Hats/.git/HEAD": "ref: refs/heads/main\n" });
    const { code, out } = await init(join(cwd, "My Hats"));
    expect(code).toBe(0);
    expect(out).toBe(
      "Created a project; its README.md says what is where. Next:\n\n  npm install\n  npm run dev\n",
    );
    expect(readJson(cwd, "My Hats/package.json")["name"]).toBe("my-hats");
  });

  test("names a folder that a shell would take for options by its path", async () => {
    const { out } = await init(folderWith({}), "--name", "hats", "--", "-hats");
    expect(out).toContain("\n  cd ./-hats\n");
  });

  test("creates folders on the way, and quotes a name that a shell would split", async () => {
    const cwd = folderWith({});
    const { out } = await init(cwd, "deep/my hat's", "--name", "@shop/hats");
    expect(out).toContain("\n  cd 'deep/my hat'\\''s'\n");
    expect(readJson(cwd, "deep/my hat's/package.json")["name"]).toBe("@shop/hats");
  });

  test.each([
    ["one file", ["notes.txt"], "it has notes.txt; name"],
    ["several", ["a", "b", "c"], "it has a, b, c; name"],
    ["many", ["a", "b", "c", "d", "e"], "it has a, b, c and 2 more; name"],
  ])("refuses a folder with %s, and changes nothing", async (_, names, fact) => {
    const cwd = folderWith(Object.fromEntries(names.map((name) => [`hats/${name}`, ""])));
    const { code, out, err } = await init(cwd, "hats");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe(
      `tricorn: Cannot create a project in hats: it is not empty: ${fact} a new folder: tricorn init hats\n` +
        "    ERR_PROJECT_FOLDER: see tricorn/docs/errors.md#err_project_folder\n",
    );
    expect(filesBelow(join(cwd, "hats"))).toEqual(names);
  });

  test("refuses a link to a folder that does not exist", async () => {
    const cwd = folderWith({ ".keep": "" });
    symlinkSync("gone", join(cwd, "hats"));
    const { code, err } = await init(cwd, "hats");
    expect(code).toBe(1);
    expect(err).toContain("Cannot create a project in hats: it is a link to a folder that does not exist");
  });

  test("refuses a file, and a folder below a file", async () => {
    const cwd = folderWith({ hats: "" });
    for (const folder of ["hats", "hats/more"]) {
      const { code, err } = await init(cwd, folder);
      expect(code).toBe(1);
      expect(err).toContain(`Cannot create a project in ${folder}: it is a file`);
    }
  });

  test("refuses a name that npm refuses, before it writes anything", async () => {
    const cwd = folderWith({});
    const { code, err } = await init(cwd, "hats", "--name", "My Hats");
    expect(code).toBe(1);
    expect(err).toMatch(
      /^tricorn: Cannot name a package "My Hats": it has .*\n {4}ERR_PROJECT_NAME: see .*\n$/,
    );
    expect(readdirSync(cwd)).toEqual([]);
  });

  describe("on a terminal", () => {
    /** Runs `tricorn init` on a terminal, on which `answer` is typed. */
    function initOnTerminal(cwd: string, { args = "", answer = "" }): Promise<Result> {
      const command = [...commandOf("src/cli/main.ts"), "init", args].join(" ");
      return run(
        ["sh", "-c", `printf '${answer}\\n' | script --quiet --return --command '${command}' /dev/null`],
        cwd,
      );
    }

    test("asks for a folder only if the current one is not empty", async () => {
      const cwd = folderWith({ "notes.txt": "" });
      const asked = await initOnTerminal(cwd, { answer: "hats" });
      expect(asked.out).toContain("The current folder is not empty. Name of the new folder: ");
      expect(asked.code).toBe(0);
      expect(filesBelow(cwd)).toContain("hats/package.json");

      mkdirSync(join(cwd, "empty"));
      const other = await initOnTerminal(join(cwd, "empty"), {});
      expect(other.out).not.toContain("Name of the new folder");
      expect(other.code).toBe(0);
    });

    test("asks nothing with --yes", async () => {
      const cwd = folderWith({ "notes.txt": "" });
      const { code, out } = await initOnTerminal(cwd, { args: "--yes", answer: "hats" });
      expect(code).toBe(1);
      expect(out).toContain("Cannot create a project in .: it is not empty: it has notes.txt");
      expect(filesBelow(cwd)).toEqual(["notes.txt"]);
    });
  });

  test("explains itself", async () => {
    const { code, out } = await init(projectFolder, "--help");
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: tricorn init \[folder\] \[options\]\n/);
    for (const option of ["--name <name>", "--yes, -y"]) expect(out).toContain(`\n  ${option} `);
    expect(out.split("\n").filter((line) => line.length > 100)).toEqual([]);
  });

  test.each([
    [["one", "two"], "unexpected argument two; see tricorn init --help"],
    [["--nmae", "x"], "Unknown option '--nmae'"],
    [[""], "the name of the folder is empty"],
  ])("refuses the arguments %j", async (args, fact) => {
    const cwd = folderWith({});
    const { code, out, err } = await init(cwd, ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(fact);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe("the name of a package", () => {
  const dependencies = ["tricorn", "@types/node"];

  test.each([
    ["hats", "hats"],
    ["My Hats", "my-hats"],
    ["Größe 7½.", "gro-e-71-2"],
    ["_.hats-", "hats"],
    ["帽子", "app"],
    ["", "app"],
    ["tricorn", "tricorn-app"],
    ["Node_Modules", "node_modules-app"],
  ])("is made from the folder %j: %s", (folder, name) => {
    expect(packageNameOf(folder, dependencies)).toBe(name);
    expect(() => checkPackageName(packageNameOf(folder, dependencies), dependencies)).not.toThrow();
  });

  test("is at most as long as npm allows", () => {
    expect(packageNameOf("h".repeat(300), dependencies).length).toBeLessThanOrEqual(214);
  });

  test.each(["hats", "@shop/hats", "a".repeat(214), "7"])("may be %s", (name) => {
    expect(() => checkPackageName(name, dependencies)).not.toThrow();
  });

  test.each([
    "",
    "Hats",
    ".hats",
    "_hats",
    "-hats",
    "a b",
    "a/b",
    "@/b",
    "@a/",
    "../x",
    "a\nb",
    "a".repeat(215),
    "tricorn",
    "@types/node",
    "node_modules",
  ])("may not be %j", (name) => {
    expect(() => checkPackageName(name, dependencies)).toThrow(/^Cannot name a package /);
  });
});

describe("the dependency on the package that runs", () => {
  const running = (folder: string) => ({ name: "tricorn", version: "1.2.3", folder });
  const lockFile = (resolved: string) =>
    JSON.stringify({ packages: { "node_modules/tricorn": { version: "1.2.3", resolved } } });

  test("is the packed file that npm installed it from", () => {
    const at = folderWith({
      "packed/a 100%#.tgz": "",
      "run/node_modules/tricorn/package.json": "{}",
      "run/node_modules/.package-lock.json": lockFile("file:../packed/a 100%25%23.tgz"),
      "hats/.keep": "",
    });
    expect(dependencyOn(running(join(at, "run/node_modules/tricorn")), join(at, "hats"))).toBe(
      "file:../packed/a 100%25%23.tgz",
    );
  });

  test("is the packed file, also if a percent sign in its path encodes nothing", () => {
    const at = folderWith({
      "packed/100%.tgz": "",
      "run/node_modules/tricorn/package.json": "{}",
      "run/node_modules/.package-lock.json": lockFile("file:../packed/100%.tgz"),
      "hats/.keep": "",
    });
    expect(dependencyOn(running(join(at, "run/node_modules/tricorn")), join(at, "hats"))).toBe(
      "file:../packed/100%25.tgz",
    );
  });

  test("is the URL that npm installed it from", () => {
    const url = "https://example.org/tricorn-1.2.3.tgz";
    const at = folderWith({
      "run/node_modules/tricorn/package.json": "{}",
      "run/node_modules/.package-lock.json": lockFile(url),
    });
    expect(dependencyOn(running(join(at, "run/node_modules/tricorn")), at)).toBe(url);
  });

  test("is the packed file of its version in the checkout, else the checkout, by their real paths", () => {
    const at = folderWith({
      "checkout/package.json": "{}",
      "checkout/tricorn-1.2.2.tgz": "",
      "hats/.keep": "",
    });
    symlinkSync(join(at, "checkout"), join(at, "link"));
    expect(dependencyOn(running(join(at, "link")), join(at, "hats"))).toBe("file:../checkout");
    writeFileSync(join(at, "checkout/tricorn-1.2.3.tgz"), "");
    expect(dependencyOn(running(join(at, "link")), join(at, "hats"))).toBe(
      "file:../checkout/tricorn-1.2.3.tgz",
    );
  });

  test("is its folder if the packed file is gone", () => {
    const at = folderWith({
      "run/node_modules/tricorn/package.json": "{}",
      "run/node_modules/.package-lock.json": lockFile("file:../gone.tgz"),
      "hats/.keep": "",
    });
    expect(dependencyOn(running(join(at, "run/node_modules/tricorn")), join(at, "hats"))).toBe(
      "file:../run/node_modules/tricorn",
    );
  });
});
