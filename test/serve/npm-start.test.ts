// A newcomer's first step, ended by anything that stops npm.
import { once } from "node:events";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { basename, join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { NodeProcess, projectFolder, sourceCommandOf } from "../support/node-process.js";
import { temporaryFolder } from "../support/served.js";

test.each(["SIGTERM", "SIGINT"] as const)(
  "npm start prints its address and that of the inspector, and ends with all of its processes at %s",
  async (signal) => {
    const npm = new NodeProcess(["npm", "start", "--silent"], { env: { PORT: "0" } });
    const [, url] = await npm.line(/^Library: (http:\/\/127\.0\.0\.1:\d+\/) /);
    expect((await fetch(url!)).status).toBe(200);
    await npm.line(/^Inspector: /);
    expect(npm.output).toEqual([expect.stringMatching(/^Library: /), `Inspector: ${url}__tricorn`]);

    npm.kill(signal);
    // It has ended when no process holds its standard output any more, including the application.
    expect(await npm.ended).toBe(0);
    await expect(fetch(url!)).rejects.toThrow("fetch failed");
  },
);

test.each([
  ["SIGINT", "SIGINT"],
  ["SIGTERM", "SIGTERM"],
  ["SIGHUP", "SIGTERM"],
] as const)("npm start leaves no process at %s and %s right after it", async (first, second) => {
  const folder = temporaryFolder();
  const program = new NodeProcess(sourceCommandOf("examples/library/main.ts"), {
    env: { PORT: "0", TMPDIR: folder },
  });
  // A terminal's interrupt arrives twice: at the whole process group, and from npm.
  await program.line(/^Library: /);
  program.kill(first);
  program.kill(second);

  await program.ended;
  expect(readdirSync(folder)).toEqual([]);
});

test("npm start leaves no process if interrupted during start", async () => {
  const folder = temporaryFolder();
  const program = new NodeProcess(sourceCommandOf("examples/library/main.ts"), {
    env: { PORT: "0", TMPDIR: folder },
  });
  await expect.poll(() => readdirSync(folder)).toHaveLength(1);
  program.kill("SIGINT");

  await program.ended;
  expect(readdirSync(folder)).toEqual([]);
});

/** A clone of the repository in which nothing is installed, as far as npm needs it. */
function freshClone(): string {
  const clone = temporaryFolder();
  for (const path of ["package.json", "package-lock.json", "scripts", "examples/library"])
    cpSync(join(projectFolder, path), join(clone, path), {
      recursive: true,
      filter: (source) => basename(source) !== "node_modules",
    });
  return clone;
}

test("npm start checks its port before it installs anything", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const clone = freshClone();
  for (const [value, fact] of [
    ["abc", 'PORT is "abc", expected a number from 0 to 65535: PORT=8081 npm start'],
    [
      String(port),
      `Cannot listen on 127.0.0.1:${port}: another program listens there; stop it, or choose another port: PORT=8081 npm start`,
    ],
  ] as const) {
    const npm = new NodeProcess(["npm", "start", "--silent"], { cwd: clone, env: { PORT: value } });
    expect(await npm.ended).toBe(1);
    expect([npm.output, npm.errors]).toEqual([[], [fact]]);
  }
  expect(existsSync(join(clone, "node_modules"))).toBe(false);
});

test("npm start installs what it needs without what only tests need, says what and how much, and only once", async () => {
  const clone = freshClone();
  const ensure = async () => {
    const command = [process.execPath, "scripts/ensure-dependencies.mjs", "--omit=dev"] as const;
    // npm finds its cache and its registry there.
    const env = { HOME: process.env["HOME"] ?? "", npm_config_prefer_offline: "true" };
    const installation = new NodeProcess(command, { cwd: clone, env });
    expect([await installation.ended, installation.errors]).toEqual([0, []]);
    return installation.output;
  };
  const [before, after, ...rest] = await ensure();
  expect(before).toMatch(
    /^Installing what the example needs: @oxc-node\/core, bcryptjs, .*, zod \(npm ci, only this time\) \.\.\.$/,
  );
  const [, packages, megabytes] = /^Installed (\d+) packages, (\d+) MB, in \d+ s$/.exec(after!)!;
  expect(rest).toEqual([]);
  expect(Number(packages)).toBeLessThan(60);
  expect(Number(megabytes)).toBeLessThan(40);
  for (const name of ["markdown-it", "@oxc-node/core", "pino"])
    expect(existsSync(join(clone, "node_modules", name))).toBe(true);
  for (const name of ["vitest", "typescript", "express"])
    expect(existsSync(join(clone, "node_modules", name))).toBe(false);
  expect(await ensure()).toEqual([]);
});

test.each(["abc", "", "65536"])("npm start says in one sentence that %j is not a port", async (port) => {
  const program = new NodeProcess(sourceCommandOf("examples/library/main.ts"), { env: { PORT: port } });
  expect(await program.ended).toBe(1);
  expect(program.errors).toEqual([
    `PORT is ${JSON.stringify(port)}, expected a number from 0 to 65535: PORT=8081 npm start`,
  ]);
  expect(program.output).toEqual([]);
});

test("npm start says in one sentence that its port is in use, and leaves no process", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const folder = temporaryFolder();
  const env = { PORT: String(port), TMPDIR: folder };
  const program = new NodeProcess(sourceCommandOf("examples/library/main.ts"), { env });
  expect(await program.ended).toBe(1);
  expect(program.errors).toEqual([
    `Cannot listen on 127.0.0.1:${port}: another program listens there; stop it, or choose another port: PORT=8081 npm start`,
  ]);
  expect(readdirSync(folder)).toEqual([]);
});
