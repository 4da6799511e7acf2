import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { Operated } from "../operated.js";

const isRoot = process.getuid!() === 0;

/** What the program of a worker knows of itself. */
interface Who {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly umask: number;
  readonly directory: string;
  readonly release: string;
  readonly variables: readonly string[];
}

async function who(operated: Operated): Promise<Who> {
  return JSON.parse(await operated.get("/who")) as Who;
}

/** The lines of a log. */
function linesOf(text: string): { readonly pid: number; readonly msg: string; readonly level: number }[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { pid: number; msg: string; level: number });
}

const asRoot = (): void => {
  test("refuses to run workers as root, unless root is named", async () => {
    const operated = new Operated({ user: "" });
    expect(await operated.master.ended).toBe(1);
    expect(operated.master.errors).toEqual([
      "tricorn: Cannot start workers: the workers would run as root; name their user with --user, or root with --user root",
      "    ERR_IDENTITY: see tricorn/docs/errors.md#err_identity",
    ]);
    await operated.processes.gone();
  });

  test("runs workers as their user, who may be connected to, and keeps the control socket the master's", async () => {
    const operated = await Operated.start({
      user: "www-data",
      args: ["--status-listen", "./status.sock"],
      prepare: (folder) => chmodSync(folder, 0o755),
    });
    const uid = Number(execFileSync("id", ["-u", "www-data"]));
    const gid = Number(execFileSync("id", ["-g", "www-data"]));
    expect(await who(operated)).toMatchObject({ uid, gid, groups: [gid] });
    for (const path of [operated.socket, join(operated.folder, "status.sock")]) {
      const socket = statSync(path);
      expect([path, socket.uid, socket.gid, socket.mode & 0o777]).toEqual([path, uid, gid, 0o660]);
    }
    const control = statSync(operated.control);
    expect([control.uid, control.mode & 0o777]).toEqual([0, 0o600]);
    // The next generation too.
    expect((await operated.tricorn("reload")).code).toBe(0);
    expect(await who(operated)).toMatchObject({ uid, gid });
    await operated.stop();
  });
};

if (isRoot) describe("tricorn serve as root", asRoot);

test("workers have the umask and the working directory, whose link is followed at each start", async () => {
  const operated = await Operated.start({
    args: ["--umask", "037", "--chdir", "current"],
    prepare: (folder) => {
      for (const release of ["1", "2"]) {
        mkdirSync(join(folder, release));
        writeFileSync(join(folder, release, "release"), release);
      }
      symlinkSync("1", join(folder, "current"));
    },
  });
  const link = join(operated.folder, "current");
  expect(await who(operated)).toMatchObject({ umask: 0o037, release: "1" });
  rmSync(link);
  symlinkSync("2", link);
  expect((await operated.tricorn("reload")).code).toBe(0);
  expect(await who(operated)).toMatchObject({ umask: 0o037, release: "2" });
});

test("what workers print is in the master's log, with their process ids", async () => {
  const log = "app.log";
  const operated = new Operated({ args: ["--log", log], workers: 1 });
  const path = join(operated.folder, log);
  await expect.poll(async () => (await operated.tricorn("status")).code).toBe(0);
  const [worker] = await operated.workers();
  expect(await operated.get("/print")).toBe("printed");
  await expect
    .poll(() => linesOf(readFileSync(path, "utf8")).filter(({ pid }) => pid === worker!.pid))
    .toEqual(
      expect.arrayContaining([
        expect.objectContaining({ msg: "a line of the program" }),
        expect.objectContaining({ msg: "a line of an error" }),
      ]),
    );
  expect([operated.master.output, operated.master.errors]).toEqual([[], []]);
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test("SIGUSR1 opens the log again, and reaches no worker", async () => {
  const operated = new Operated({ args: ["--log", "app.log"], workers: 1 });
  const [path, old] = [join(operated.folder, "app.log"), join(operated.folder, "app.log.1")];
  await expect.poll(async () => (await operated.tricorn("status")).code).toBe(0);
  const before = await operated.workers();
  renameSync(path, old);
  operated.master.kill("SIGUSR1");
  await expect.poll(() => statSync(path, { throwIfNoEntry: false })?.size).toBe(0);
  const length = readFileSync(old, "utf8").length;
  await operated.get("/print");
  await expect.poll(() => readFileSync(path, "utf8")).toContain("a line of the program");
  expect(readFileSync(old, "utf8")).toHaveLength(length);
  expect((await operated.workers()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
  await operated.stop();
});

test("a log that cannot be opened again stays the old one, and says so", async () => {
  const operated = new Operated({
    args: ["--log", "logs/app.log"],
    workers: 1,
    prepare: (folder) => mkdirSync(join(folder, "logs")),
  });
  const moved = join(operated.folder, "moved");
  await expect.poll(async () => (await operated.tricorn("status")).code).toBe(0);
  renameSync(join(operated.folder, "logs"), moved);
  operated.master.kill("SIGUSR1");
  await expect
    .poll(() => readFileSync(join(moved, "app.log"), "utf8"))
    .toContain("Cannot open the log again");
  await operated.stop();
});

test("a reader of the master's output that leaves ends nothing", async () => {
  const operated = await Operated.start();
  operated.master.closeErrors();
  for (let asked = 0; asked < 20; asked += 1) expect(await operated.get("/print")).toBe("printed");
  expect((await operated.tricorn("reload")).code).toBe(0);
  expect(await operated.get("/")).toMatch(/^pid /);
  await operated.stop();
});

test("a log that cannot be opened is named by the option", async () => {
  const operated = new Operated({ args: ["--log", "none/app.log"], workers: 1 });
  expect(await operated.master.ended).toBe(1);
  expect(operated.master.errors.join("\n")).toMatch(/Cannot log to ".*none\/app\.log", which --log names: /);
});

test("a worker that ends after a reload that failed is replaced by the version that serves", async () => {
  const operated = await Operated.start({
    args: ["--chdir", "current"],
    workers: 1,
    env: { BROKEN: "broken" },
    prepare: (folder) => {
      for (const release of ["1", "2", "3"]) {
        mkdirSync(join(folder, release));
        writeFileSync(join(folder, release, "release"), release);
      }
      writeFileSync(join(folder, "2/broken"), "");
      symlinkSync("1", join(folder, "current"));
    },
  });
  const linkTo = (release: string): void => {
    rmSync(join(operated.folder, "current"));
    symlinkSync(release, join(operated.folder, "current"));
  };
  const killed = async (): Promise<void> => {
    const [worker] = await operated.workers();
    process.kill(worker!.pid, "SIGKILL");
    await expect
      .poll(async () => (await operated.workers()).map(({ pid }) => pid))
      .not.toContain(worker!.pid);
  };
  linkTo("2");
  expect((await operated.tricorn("reload")).code).toBe(1);
  await killed();
  expect(await who(operated)).toMatchObject({ release: "1" });

  linkTo("3");
  expect((await operated.tricorn("reload")).code).toBe(0);
  expect(await who(operated)).toMatchObject({ release: "3" });
  // The folder of the version that serves is gone: only the link leads to one.
  linkTo("1");
  rmSync(join(operated.folder, "3"), { recursive: true });
  await killed();
  expect(await who(operated)).toMatchObject({ release: "1" });
});
