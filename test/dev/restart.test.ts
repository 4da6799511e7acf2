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
