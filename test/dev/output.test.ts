import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { http } from "../gateway/support/http.js";
import { commandOf, projectFolder } from "../support/node-process.js";
import { temporaryFolder } from "../support/served.js";
import { freePort } from "../support/web-servers/free-port.js";
import { Project } from "./support/project.js";

const MAIN = `import { Authorizer, Get, Path, Responder, deny, serve } from "tricorn";

@Responder("/books")
class Books {
  @Get("/:id")
  show(@Path("id") id: string): string {
    const titles: Record<string, string> = { 1: "Emma" };
    return titles[id]!.toUpperCase();
  }
}

@Authorizer({ paths: ["/members/**"] })
class Gate {
  authorize() {
    return deny(401);
  }
}

console.log("opening the shop");
await serve([Books, Gate], undefined, { accessLog: true });
`;

/** What varies between two runs. */
function constant(text: string): string {
  return text.replaceAll(/\b\d\d:\d\d:\d\d\b/g, "12:00:00").replaceAll(/\b\d+ ms\b/g, "5 ms");
}

test("docs/dev.md shows what a terminal shows", async () => {
  const project = new Project({ "src/main.ts": MAIN, "public/index.html": "<title>Shop</title>" });
  const port = await freePort();
  const command = [...commandOf("src/cli/main.ts"), "dev", "--port", String(port)].join(" ");
  // Runs it in a terminal of its own.
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: project.folder,
    env: { PATH: process.env["PATH"], NO_COLOR: "1", TMPDIR: temporaryFolder() },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString().replaceAll("\r", "");
  });
  const shown = (text: string): Promise<void> => expect.poll(() => output).toContain(text);
  await shown("src/main.ts serves");
  const url = `http://127.0.0.1:${port}`;
  for (const [path, end] of [
    ["/", "GET /  200"],
    ["/books/1?page=2", "GET /books/1  200"],
    ["/members/area", "GET /members/area  denied, 401"],
    ["/books/7", "GET /books/7  500"],
  ] as const) {
    await http(url, path);
    await shown(end);
  }
  project.edit("src/main.ts", ["Emma", "Persuasion"]);
  await expect.poll(() => output.split("src/main.ts serves").length).toBe(3);
  const transcript = constant(
    output.replaceAll(String(port), "8080").replace(/^\n+/, "").trimEnd().replaceAll(/ +$/gm, ""),
  );
  const file = join(projectFolder, "docs/dev.md");
  const document = readFileSync(file, "utf8");
  if (process.env["WRITE_DOCUMENTS"] === "1")
    writeFileSync(
      file,
      document.replace(/(?<=^```text\n)[^]*?(?=\n```$)/m, () => transcript),
    );
  const [, block = ""] = /^```text\n([^]*?)\n```$/m.exec(readFileSync(file, "utf8")) ?? [];
  expect(transcript).toBe(constant(block));
});
