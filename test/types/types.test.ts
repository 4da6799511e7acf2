import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const project = fileURLToPath(new URL("tsconfig.json", import.meta.url));

/** What the compiler says about the sources beside this file; "" when each promise is kept. */
async function compile(): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, [compiler, "--noEmit", "--pretty", "false", "-p", project]);
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test("the compiler accepts valid code and refuses each kind of invalid code", async () => {
  const complaints = await compile();
  expect(complaints.split("\n").filter((line) => line.startsWith("test/types/"))).toEqual([]);
  expect(complaints).toBe("");
});
