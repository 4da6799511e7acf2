import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";

import { http } from "../gateway/support/http.js";
import { DevProcess, Project } from "./support/project.js";

const MAIN = `import { serve } from "tricorn";
import { Books } from "./books.js";

await serve([Books], "127.0.0.1:1");
`;

const BOOKS = `import { Get, Path, Responder } from "tricorn";
import { Store } from "./store.js";

@Responder("/books")
export class Books {
  constructor(private readonly store: Store) {}

  @Get("/:id")
  show(@Path("id") id: string): string {
    return this.store.titleOf(id);
  }
}
`;

const STORE = `export class Store {
  titleOf(id: string): string {
    return "version 1 of " + id;
  }
}
`;

const files = { "src/main.ts": MAIN, "src/books.ts": BOOKS, "src/store.ts": STORE };

test("TypeScript with injected classes runs without a build, a configuration or an address of its own", async () => {
  const dev = new DevProcess(new Project(files));
  const url = await dev.url();
  // Before the program serves: the request waits.
  expect(await http(url, "/books/1")).toMatchObject({ status: 200, body: "version 1 of 1" });
});

test("a change of a source file is answered by a new process at the same address", async () => {
  const project = new Project(files);
  const dev = new DevProcess(project);
  const url = await dev.url();
  expect(await http(url, "/books/1")).toMatchObject({ body: "version 1 of 1" });
  project.edit("src/store.ts", ["version 1", "version 2"]);
  await dev.served(2);
  expect(await http(url, "/books/1")).toMatchObject({ body: "version 2 of 1" });
});

const SLOW = `import { Get, Responder, serve } from "tricorn";

@Responder()
class Slow {
  @Get("/late")
  async late(): Promise<string> {
    console.log("late begins");
    await new Promise((resolve) => setTimeout(resolve, 300));
    return "version 1";
  }

  @Get("/never")
  never(): Promise<string> {
    console.log("never begins");
    return new Promise(() => {});
  }

  @Get("/events", { type: "text/event-stream", streams: true })
  async *events(): AsyncGenerator<string> {
    yield "data: version 1\\n\\n";
    await new Promise(() => {});
  }

  @Get("/version")
  version(): string {
    return "version 1";
  }
}

await serve([Slow]);
`;

test("a change lets a request finish in the old process, ends a stream, and keeps others waiting for the new process", async () => {
  const project = new Project({ "src/main.ts": SLOW });
  const dev = new DevProcess(project);
  const url = await dev.url();
  await dev.served();
  const events = await openStream(url, "/events");
  expect(await events.begin).toBe("data: version 1\n\n");
  const late = http(url, "/late");
  await dev.line(/late begins/);
  project.edit("src/main.ts", ['return "version 1";\n  }\n}', 'return "version 2";\n  }\n}']);
  await expect(events.end).resolves.toBe("broken off");
  // The stream was ended by the change, so this one is for the new process.
  const next = http(url, "/version");
  expect(await late).toMatchObject({ status: 200, body: "version 1" });
  expect(await next).toMatchObject({ status: 200, body: "version 2" });
});

test("a request that the old process does not answer within two seconds gets 503", async () => {
  const project = new Project({ "src/main.ts": SLOW });
  const dev = new DevProcess(project);
  const url = await dev.url();
  const never = http(url, "/never");
  await dev.line(/never begins/);
  project.edit("src/main.ts", ["version 1", "version 2"]);
  expect(await never).toMatchObject({
    status: 503,
    body: "GET /never has no answer\n  The program was replaced before it answered\n",
  });
  await dev.served(2);
});

test("a program that does not start answers with the failure until the next change", async () => {
  const project = new Project(files);
  const dev = new DevProcess(project);
  const url = await dev.url();
  await dev.served();
  project.edit("src/store.ts", ["export class Store", 'throw new Error("no store");\nexport class Store']);
  await dev.line(/no store/);
  expect(await http(url, "/books/1")).toMatchObject({
    status: 500,
    body: expect.stringMatching(
      /^The program does not run\n {2}Error: no store\n {4}at src\/store\.ts:1\n(?: .*\n)*? {6}> 1 \| throw new Error\("no store"\);\n/,
    ),
  });
  project.edit("src/store.ts", ['throw new Error("no store");\n', ""]);
  await dev.served(2);
  expect(await http(url, "/books/1")).toMatchObject({ status: 200, body: "version 1 of 1" });
});

test("a file that cannot be parsed is shown at its line, if TypeScript is installed", async () => {
  const project = new Project(files);
  project.link("typescript");
  const dev = new DevProcess(project);
  const url = await dev.url();
  await dev.served();
  project.edit("src/store.ts", ["export class Store", "export class class Store"]);
  await dev.line(/Failed to parse/);
  expect((await http(url, "/books/1")).body).toMatch(
    /^The program does not run\n {2}SyntaxError in src\/store\.ts: .+\n {4}at src\/store\.ts:1:14\n {6}> 1 \| export class class Store.*\n {10}\| {14}\^\n/,
  );
});

test("a file that cannot be parsed is named, with the way to its line if TypeScript is not installed", async () => {
  const project = new Project(files);
  const dev = new DevProcess(project);
  const url = await dev.url();
  await dev.served();
  project.edit("src/store.ts", ["export class Store", "export class class Store"]);
  await dev.line(/Failed to parse/);
  expect((await http(url, "/books/1")).body).toMatch(
    /^The program does not run\n {2}SyntaxError in src\/store\.ts: .+\n {4}The compiler names the line: tsc --noEmit\n$/,
  );
});

test("a program that ends answers with that until the next change", async () => {
  const project = new Project({ "src/main.ts": SLOW });
  const dev = new DevProcess(project);
  const url = await dev.url();
  await dev.served();
  project.edit("src/main.ts", ["await serve([Slow]);", "process.exit(3);"]);
  await dev.line(/"msg":"The program ended with code 3 before it called serve"/);
  expect((await http(url, "/version")).body).toContain(
    "The program ended with code 3 before it called serve",
  );
});

test("a path that is neither a route nor a file goes to the application", async () => {
  const project = new Project({ ...files, "public/robots.txt": "User-agent: *\n" });
  const dev = new DevProcess(project);
  const url = await dev.url();
  expect(await http(url, "/robots.txt")).toMatchObject({ status: 200, body: "User-agent: *\n" });
  expect(await http(url, "/unknown")).toMatchObject({
    status: 404,
    headers: { "content-type": "application/problem+json" },
  });
});

/** Opens a stream: its first piece, and how it ends. */
async function openStream(
  url: string,
  path: string,
): Promise<{ readonly begin: Promise<string>; readonly end: Promise<string> }> {
  const [response] = (await once(request(url + path).end(), "response")) as [IncomingMessage];
  const begin = once(response, "data").then(([piece]: Buffer[]) => String(piece));
  const end = new Promise<string>((resolve) => {
    response.once("end", () => resolve("complete"));
    response.once("error", () => resolve("broken off"));
  });
  return { begin, end };
}
