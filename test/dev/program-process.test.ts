import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";

import { ProgramProcess } from "../../src/dev/program-process.js";
import { deferred, temporaryFolder } from "../support/served.js";

test("what a waiting program prints is held back up to 256 KiB, and all of it is passed on beyond", async () => {
  const folder = temporaryFolder();
  const waiting = join(folder, "wait.mjs");
  // As a module that a user loads by NODE_OPTIONS may do.
  writeFileSync(
    waiting,
    `process.on("message", () => {});
process.stderr.write("a".repeat(200 * 1024) + "b".repeat(100 * 1024));
await new Promise(() => {});
`,
  );
  let printed = "";
  const isAll = deferred();
  const program = new ProgramProcess(
    {
      script: join(folder, "main.mjs"),
      args: [],
      waitingModule: pathToFileURL(waiting).href,
      environment: process.env,
      address: `unix:${join(folder, "app.sock")}`,
    },
    {
      requestFailed: () => {},
      logged: () => {},
      printed: (text) => {
        // The first piece shows that nothing was passed on before the limit.
        if (printed === "") expect(text.length).toBeGreaterThan(256 * 1024);
        printed += text.toString();
        if (printed.length === 300 * 1024) isAll.resolve();
      },
    },
  );
  onTestFinished(() => program.kill());
  await isAll.promise;
  expect(printed).toMatch(/^a+b+$/);
});
