// The slow log names lines of the sources, however they are run, and frames of the application, whatever calls it.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { DevProcess, Project } from "../dev/support/project.js";
import { http } from "../gateway/support/http.js";
import { NodeProcess, projectFolder } from "../support/node-process.js";

/** Lines that compilers remove are above each await, so that those of TypeScript and of JavaScript differ. */
const MAIN = `import express from "express";
import { Hono } from "hono";
import { setTimeout as sleep } from "node:timers/promises";
import { Get, Responder, serve } from "tricorn";
import { fetchHandler, nodeListener } from "tricorn/adapters";
import { query, transaction } from "database";

interface Book {
  readonly title: string;
}

@Responder()
class Books {
  @Get("/class")
  async show(): Promise<Book> {
    await sleep(1);
    await sleep(3_600_000); // here: class
    return { title: "Emma" };
  }

  @Get("/package")
  async inPackage(): Promise<Book> {
    return (await query()) as Book; // here: package
  }

  @Get("/callback")
  async calledByPackage(): Promise<Book> {
    return (await transaction(async () => {
      await sleep(3_600_000); // here: callback
    })) as Book;
  }
}

type Loaded = Promise<string>;

async function load(): Loaded {
  await sleep(1);
  await sleep(3_600_000); // here: express
  return "loaded";
}

const app = express();
app.use((_request, _response, next) => next());
app.get("/express/:id", async (_request, response) => {
  response.json(await load());
});

interface Found {
  readonly found: boolean;
}

const hono = new Hono();
hono.use(async (_context, next) => {
  await next();
});
hono.get("/hono/:id", async (context) => {
  const found: Found = await query(); // here: hono
  return context.json(found);
});

await serve(
  [Books, nodeListener(app, { path: "/express" }), fetchHandler((request) => hono.fetch(request), { path: "/hono" })],
  process.argv[2],
  { slowLog: 1_500 },
);
`;

const DATABASE = `
const forever = async () => {
  await null;
  await new Promise(() => {});
};
export const query = async () => await forever();
export const transaction = async (work) => {
  await null;
  return await work();
};
`;

const paths = ["/class", "/package", "/callback", "/express/1", "/hono/1"];

function projectWith(source: string): Project {
  const project = new Project({
    "src/main.ts": source,
    "node_modules/database/package.json": '{"type":"module","exports":"./index.js"}',
    "node_modules/database/index.js": DATABASE,
  });
  for (const name of ["express", "hono"]) project.link(name);
  return project;
}

/** The places that the log is to name in a file, by the path of the request. */
function placesIn(project: Project, file: string): Record<string, string> {
  const lines = readFileSync(join(project.folder, file), "utf8").split("\n");
  return Object.fromEntries(
    paths.map((path) => {
      const mark = `// here: ${path.split("/")[1]}`;
      return [path, `${file}:${lines.findIndex((line) => line.endsWith(mark)) + 1}`];
    }),
  );
}

/** The places that the log has named, when it has named one for each path. */
async function namedBy(process: NodeProcess): Promise<Record<string, string>> {
  const named: Record<string, string> = {};
  for (;;) {
    for (const line of [...process.output, ...process.errors]) {
      if (!line.includes('"msg":"Slow request"')) continue;
      const { path, standsAt } = JSON.parse(line) as { path: string; standsAt?: string };
      named[path] = (standsAt ?? "").replace(/:\d+$/, "");
    }
    if (Object.keys(named).length === paths.length) return named;
    await process.nextLine();
  }
}

async function compile(project: Project): Promise<void> {
  const tsc = join(projectFolder, "node_modules/typescript/bin/tsc");
  const options = ["--noCheck", "--sourceMap", "--experimentalDecorators", "--target", "es2022"];
  const modules = ["--module", "nodenext", "--rootDir", "src", "--outDir", "dist", "--types", "node"];
  const typeRoots = ["--typeRoots", join(projectFolder, "node_modules/@types")];
  await promisify(execFile)(process.execPath, [tsc, "src/main.ts", ...options, ...modules, ...typeRoots], {
    cwd: project.folder,
  });
}

test.each([
  { name: "with source maps the line of TypeScript", flags: ["--enable-source-maps"], file: "src/main.ts" },
  { name: "without source maps the line of JavaScript", flags: [], file: "dist/main.js" },
])("compiled TypeScript: $name", async ({ flags, file }) => {
  const project = projectWith(MAIN);
  await compile(project);
  const expected = placesIn(project, file);
  const program = new NodeProcess([process.execPath, ...flags, "dist/main.js", "127.0.0.1:0"], {
    cwd: project.folder,
  });
  const client = new FastCgiClient({ address: await program.address() });
  const stop = new AbortController();
  onTestFinished(async () => {
    stop.abort();
    await client.close();
  });
  for (const path of paths) {
    const params = { REQUEST_METHOD: "GET", REQUEST_URI: path };
    void client.request({ params, signal: stop.signal }).catch(() => {});
  }
  expect(await namedBy(program)).toEqual(expected);
});

test("tricorn dev: the line of TypeScript", async () => {
  const project = projectWith(MAIN);
  const dev = new DevProcess(project);
  const url = await dev.url();
  for (const path of paths) void http(url, path).catch(() => {});
  expect(await namedBy(dev)).toEqual(placesIn(project, "src/main.ts"));
});
