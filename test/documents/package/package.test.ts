// The package as its users get it: packed, installed into an empty project, imported and required, from TypeScript and
// from plain JavaScript.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { blockNamed } from "../blocks.js";
import { programPath } from "../../support/web-servers/background-process.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { npm, packInto, quietly, type Packed } from "./packed.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const projects = fileURLToPath(new URL("projects/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tricorn-package-"));
const project = join(folder, "project");

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
let packed: Packed;

/** Runs a file of the project with Node.js only. */
async function runProject(file: string): Promise<unknown> {
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: project });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

/** The functions and constants of a declaration file that have a comment, the first of each name. */
function documentedIn(declarations: string): readonly { readonly name: string; readonly comment: string }[] {
  const documented = /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport declare (?:function|const) (\w+)/g;
  return [...declarations.matchAll(documented)].map(([, comment, name]) => ({
    name: name!,
    comment: comment!,
  }));
}

/** The code of the examples in a comment. */
function exampleIn(comment: string): string[] {
  const lines = comment.replaceAll(/^ \* ?/gm, "");
  return [...lines.matchAll(/^@example\n```ts\n([^]*?)^```$/gm)].map(([, code]) => code!);
}

beforeAll(async () => {
  packed = await packInto(folder);

  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }\n');
  const types = `@types/node@${manifest.devDependencies["@types/node"]}`;
  await npm(project, "install", ...quietly, packed.path, types);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the package has what its users need and nothing else", () => {
  const tops = new Set(packed.files.map(({ path }) => path.split("/")[0]));
  expect(tops).toEqual(
    new Set(["CHANGELOG.md", "LICENSE", "README.md", "dist", "docs", "package.json", "template"]),
  );
  // Reports about this repository are read there.
  const elsewhere = /tsbuildinfo|\.log$|^docs\/(?:api\/|conformance\.md|performance\.)/;
  for (const { path } of packed.files) {
    expect(path).not.toMatch(elsewhere);
    if (!path.startsWith("template/")) expect(path).not.toContain(".test.");
  }
});

test("the package takes less than 3 MiB, also on a disk with blocks of 4 KiB", () => {
  expect(packed.files.length).toBeGreaterThan(50);
  const blocks = packed.files.map(({ size }) => Math.ceil(size / 4096));
  expect(blocks.reduce((sum, count) => sum + count, 0) * 4096).toBeLessThan(3 * 2 ** 20);
});

test("the package's entries have no condition for this repository only", () => {
  const installed = readFileSync(join(project, "node_modules/tricorn/package.json"), "utf8");
  const { exports } = JSON.parse(installed) as { exports: Record<string, string | Record<string, string>> };
  for (const target of Object.values(exports)) {
    if (typeof target !== "string") expect(Object.keys(target)).toEqual(["types", "default"]);
  }
});

test("a stack trace points to readable, commented code in the package", async () => {
  writeFileSync(
    join(project, "stack.js"),
    `import { allow } from "tricorn";
    try { allow({ "a b": "" }); } catch ({ stack }) { console.log(JSON.stringify(stack)); }`,
  );
  const stack = (await runProject("stack.js")) as string;
  const [, file, line] = /\((?:file:\/\/)?(\/[^:]*tricorn\/dist\/[^:]*):(\d+):\d+\)/.exec(stack)!;
  const lines = readFileSync(file!, "utf8").split("\n").slice(0, Number(line));
  expect(lines.at(-1)).toContain("Cannot allow with variable");
  expect(lines.join("\n")).toMatch(
    /\/\/ src\/roles\/verdict\.ts\n[^]*@throws HeaderError[^]*\nfunction allow\(/,
  );
});

test("publint reports nothing", async () => {
  const { messages } = await publint({ pkgDir: join(project, "node_modules/tricorn"), strict: true });
  expect(messages).toEqual([]);
});

test("importing it and creating a container adds nothing to the global object", async () => {
  writeFileSync(
    join(project, "globals.js"),
    `const before = new Set(Object.getOwnPropertyNames(globalThis));
    const { createContainer } = await import("tricorn");
    createContainer();
    console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name))));`,
  );
  expect(await runProject("globals.js")).toEqual([]);
});

test("its declarations need only its own dependencies and the types of Node.js", () => {
  const needed = new Set<string>();
  for (const { path } of packed.files.filter(({ path }) => path.endsWith(".d.ts"))) {
    const text = readFileSync(join(project, "node_modules/tricorn", path), "utf8");
    const code = text.replaceAll(/\/\*[^]*?\*\//g, "");
    for (const [, name] of code.matchAll(/(?:from |import\()"([^."][^"]*)"/g)) needed.add(name!);
  }
  // Some of each kind are found at all.
  expect([...needed]).toEqual(expect.arrayContaining(["node:http", "pino"]));
  for (const name of needed)
    if (!name.startsWith("node:")) expect(Object.keys(manifest.dependencies)).toContain(name);
});

describe("installed into an empty project, it", () => {
  test("compiles with tsc, all declarations checked, and runs with decorators and injection", async () => {
    cpSync(join(projects, "typescript.ts"), join(project, "typescript.ts"));
    const compilerOptions = {
      target: "es2022",
      module: "nodenext",
      types: ["node"],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      outDir: "out",
    };
    const config = { compilerOptions, files: ["typescript.ts"] };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
    expect(await runProject("out/typescript.js")).toEqual({
      book: { title: "Emma", same: true },
      denied: 401,
      numbered: "1 x\n2 y\n",
      logged: 0,
      routes: { protect: ["/private/**"], filter: ["*.txt"], respond: ["/books/*"] },
      record: "0102000100000000",
      classes: ["FastCgiClient", "Gateway"],
    });
  });

  test("has an example that compiles in the comment of each decorator, and of what a first program calls", async () => {
    const comments = packed.files
      .filter(({ path }) => path.endsWith(".d.ts"))
      .flatMap(({ path }) => documentedIn(readFileSync(join(project, "node_modules/tricorn", path), "utf8")));
    const examples = comments.flatMap(({ name, comment }) =>
      exampleIn(comment).map((code) => ({ name, code })),
    );
    const decorators = ["role", "route", "bind", "use"].flatMap((file) => {
      const text = readFileSync(join(project, `node_modules/tricorn/dist/decorators/${file}.d.ts`), "utf8");
      return [...text.matchAll(/^export declare (?:function|const) ([A-Z]\w+)/gm)].map(([, name]) => name!);
    });
    expect(decorators).toEqual(expect.arrayContaining(["Responder", "Get", "Path", "Use"]));
    const wanted = [...decorators, "requestScoped", "serve", "allow", "deny", "reply", "testApplication"];
    expect(examples.map(({ name }) => name)).toEqual(expect.arrayContaining(wanted));

    const files = examples.map(({ name, code }) => {
      const file = `examples/${name}.ts`;
      mkdirSync(join(project, "examples"), { recursive: true });
      writeFileSync(join(project, file), code);
      return file;
    });
    expect(new Set(files).size).toBe(files.length);
    const compilerOptions = {
      target: "es2022",
      module: "nodenext",
      types: ["node"],
      strict: true,
      skipLibCheck: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      noEmit: true,
    };
    const config = join(project, "tsconfig.examples.json");
    writeFileSync(config, JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", config], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  test("runs from plain JavaScript", async () => {
    cpSync(join(projects, "plain.mjs"), join(project, "plain.mjs"));
    expect(await runProject("plain.mjs")).toEqual({
      shown: { path: "/books/1" },
      added: [201, { title: "Emma" }],
      allowed: [true, { USER: "ada" }],
      filtered: "as it is",
    });
  });

  test("runs from CommonJS", async () => {
    cpSync(join(projects, "commonjs.cjs"), join(project, "commonjs.cjs"));
    expect(await runProject("commonjs.cjs")).toEqual({
      text: "hello",
      version: manifest.version,
      numbers: [3, 3],
      classes: ["FastCgiClient", "Gateway"],
    });
  });

  test("writes the configuration of a Web server, which answers after the two commands of docs/configure.md", async () => {
    const [port, applicationPort] = [await freePort(), await freePort()];
    cpSync(join(projects, "serves.mjs"), join(project, "dist/main.js"));
    const TRICORN_LISTEN = `127.0.0.1:${applicationPort}`;
    const application = spawn(process.execPath, ["dist/main.js"], {
      cwd: project,
      env: { ...process.env, TRICORN_LISTEN, TRICORN_LOG_LEVEL: "info" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    onTestFinished(() => void application.kill());
    await once(application.stderr, "data");
    const { text } = blockNamed("docs/configure.md", "# two commands");
    const commands = text
      .replace("--port 8080", `--port ${port} --listen ${TRICORN_LISTEN}`)
      .replace(/^nginx /m, `${programPath("nginx")} `);
    const { stderr } = await run("sh", ["-ec", commands], { cwd: project });
    onTestFinished(async () => {
      await run(programPath("nginx"), ["-e", "stderr", "-p", ".", "-c", "nginx.conf", "-s", "stop"], {
        cwd: project,
      });
    });
    expect(stderr).toContain(`wrote        ${join(realpathSync(project), "nginx.conf")}`);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("Hello from FastCGI");
  });

  test("explains under npx which TypeScript Node.js cannot run", async () => {
    writeFileSync(join(project, "decorated.ts"), "@Responder()\nclass Hello {}\n");
    const failed = await run("npx", ["tricorn", "config", "nginx", "decorated.ts"], { cwd: project }).catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed).toMatchObject({
      code: 1,
      stderr:
        "tricorn: Cannot describe the application of decorated.ts: this version of Node.js cannot run this TypeScript; use the compiled JavaScript file\n" +
        "    ERR_MODULE: see tricorn/docs/errors.md#err_module\n",
    });
  });

  test("includes its configurations for programs", async () => {
    writeFileSync(
      join(project, "configure.mjs"),
      'import { configure } from "tricorn/config";\nconsole.log(JSON.stringify(configure("h2o").check));\n',
    );
    expect(await runProject("configure.mjs")).toBe("h2o -t -c h2o.conf");
  });
});
