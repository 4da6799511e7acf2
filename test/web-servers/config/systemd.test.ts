import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { FastCgiClient } from "tricorn/client";
import { describe, expect, onTestFinished, test } from "vitest";

import type { DeploymentInput } from "../../../src/config/deployment.js";
import { BackgroundProcess, programPath } from "../../support/web-servers/background-process.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { program } from "../../support/web-servers/program.js";
import { write } from "../../config/support.js";

const command = ["node", "dist/main.js"];

async function folderOf(deployment: DeploymentInput): Promise<{ folder: string; units: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "tricorn-units-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const units: string[] = [];
  for (const { name, text } of write("systemd", deployment).files) {
    const path = join(folder, basename(name));
    await writeFile(path, text);
    units.push(path);
  }
  return { folder, units };
}

/** The value of a setting. */
function setting(text: string, name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1];
}

describe("the units of systemd", () => {
  test.each<[string, DeploymentInput]>([
    ["on TCP", {}],
    ["on a unix socket", { listen: "unix:/run/books/app.sock", name: "books" }],
    ["with a user and a folder", { user: "www-data", directory: "/tmp" }],
    [
      "with words of every kind",
      { command: ["/bin/true", "a b", 'c"d', "100%", "$HOME", "\\x", "ä", "'", ";"] },
    ],
    ["of a master", { command: ["node", "node_modules/tricorn/dist/cli/main.js", "serve", "dist/main.js"] }],
    [
      "as a template",
      { listen: "unix:/run/books/app.sock", name: "books", systemd: { units: "template", memoryMax: "1G" } },
    ],
  ])("are accepted by systemd-analyze, %s", async (_, deployment) => {
    const { units } = await folderOf({ command, ...deployment });
    const { stdout, stderr } = await promisify(execFile)(programPath("systemd-analyze"), [
      "verify",
      ...units,
    ]);
    expect(stdout + stderr).toBe("");
  });

  test("are only as exposed as a network service in Node.js must be", async () => {
    const { units } = await folderOf({ command: ["/bin/true"] });
    const { stdout } = await promisify(execFile)(programPath("systemd-analyze"), [
      "security",
      "--offline=yes",
      "--threshold=35",
      units[1]!,
    ]);
    expect(stdout).toContain("OK");
  });

  test("let only the Web server connect", () => {
    const [socket] = write("systemd", {
      command,
      listen: "unix:/run/app.sock",
      webServerGroup: "http",
    }).files;
    expect(["ListenStream", "SocketMode", "SocketGroup"].map((name) => setting(socket!.text, name))).toEqual([
      "/run/app.sock",
      "0660",
      "http",
    ]);
  });

  test.each([
    ["0.0.0.0:9000", true],
    ["[::]:9000", true],
    ["192.0.2.1:9000", true],
    ["127.0.0.1:9000", false],
    ["127.9.9.9:9000", false],
    ["[::1]:9000", false],
    ["localhost:9000", false],
    ["9000", false],
    ["unix:/run/app.sock", false],
  ])("report for %s whether the application needs a list of peers: %s", (listen, isNeeded) => {
    const { notes } = write("systemd", { command, listen });
    expect(notes.some((note) => note.includes("allowedPeers"))).toBe(isNeeded);
  });

  test("pass on each word of the command unchanged", () => {
    const words = ["node", "a b", "100%", "$HOME", 'say "\\"'];
    const [, service] = write("systemd", { command: words }).files;
    expect(setting(service!.text, "ExecStart")).toBe(String.raw`node "a b" 100%% $$HOME "say \"\\\""`);
  });

  test("let it read the home of a user if it is in there", () => {
    const protectHome = (deployment: DeploymentInput): string | undefined =>
      setting(write("systemd", { command, ...deployment }).files[1]!.text, "ProtectHome");
    expect(protectHome({})).toBe("yes");
    expect(protectHome({ directory: "/home/ada/books" })).toBe("read-only");
    expect(protectHome({ command: ["node", "/root/main.js"] })).toBe("read-only");
  });

  test("let systemd wait for a master, watch it and reload it", () => {
    const master = ["node_modules/.bin/tricorn", "serve", "dist/main.js", "--workers", "4"];
    const deployment = { name: "books", directory: "/srv/books", command: master };
    const [, service] = write("systemd", deployment).files;
    const control = "--control /run/books-control/master.sock";
    expect(
      [
        "Type",
        "NotifyAccess",
        "WatchdogSec",
        "ExecStart",
        "ExecReload",
        "RuntimeDirectory",
        "RuntimeDirectoryMode",
        "OOMPolicy",
        "TimeoutStopSec",
        "MemoryMax",
      ].map((name) => setting(service!.text, name)),
    ).toEqual([
      "notify",
      "all",
      "30",
      `/srv/books/node_modules/.bin/tricorn serve ${control} dist/main.js --workers 4`,
      `/srv/books/node_modules/.bin/tricorn reload ${control}`,
      "books-control",
      "0700",
      "continue",
      "50",
      "80%",
    ]);
    // A relative program is followed from there, with its links.
    expect(service!.text).toContain("\nWorkingDirectory=/srv/books\n");
    expect(service!.text).toContain("\nEnvironment=PWD=/srv/books\n");
  });

  test.each([
    ["50", []],
    ["62.5", ["--drain", "12.5"]],
    ["60", ["--drain=10"]],
    ["50", ["--", "--drain", "10"]],
  ])("let a master %s s to stop with %j", (seconds, options) => {
    const command = ["tricorn", "serve", "main.js", ...options];
    const [, service] = write("systemd", { command }).files;
    expect(setting(service!.text, "TimeoutStopSec")).toBe(seconds);
  });

  test.each([["--control", "/srv/books/control/master.sock"], ["--control=/srv/books/control/master.sock"]])(
    "use the control socket that the command names: %s %s",
    (...option) => {
      const [, service] = write("systemd", { command: ["tricorn", "serve", ...option, "main.js"] }).files;
      expect(
        ["ExecStart", "ExecReload", "RuntimeDirectory"].map((name) => setting(service!.text, name)),
      ).toEqual([
        ["tricorn serve", ...option, "main.js"].join(" "),
        "tricorn reload --control /srv/books/control/master.sock",
        undefined,
      ]);
    },
  );

  test("know no master by the name of the program or its arguments alone", () => {
    for (const words of [
      ["node", "tricorn", "server"],
      ["node", "serve"],
      ["tricorn"],
      ["serve", "tricorn"],
    ]) {
      const [, service] = write("systemd", { command: words }).files;
      expect([words, setting(service!.text, "Type")]).toEqual([words, undefined]);
    }
  });

  test("give each instance of a template its own socket and folder", () => {
    const { files, run } = write("systemd", {
      name: "books",
      command,
      listen: "unix:/run/books/app.sock",
      systemd: { units: "template" },
    });
    expect(files.map(({ name }) => basename(name))).toEqual(["books@.socket", "books@.service"]);
    expect([
      setting(files[0]!.text, "ListenStream"),
      setting(files[1]!.text, "Requires"),
      setting(files[1]!.text, "StateDirectory"),
    ]).toEqual(["/run/books/app-%i.sock", "books@%i.socket", "books/%i"]);
    expect(run).toContain("books@1.socket books@2.socket");
  });

  test("are no template of masters, or on a TCP port that instances cannot share", () => {
    const template = { systemd: { units: "template" }, command } as const;
    expect(() => write("systemd", template)).toThrow(
      "each instance of a template has a unix socket of its own",
    );
    expect(() =>
      write("systemd", { ...template, listen: "unix:/run/a.sock", command: ["tricorn", "serve", "main.js"] }),
    ).toThrow("an instance of a template is one process, but the command starts a master");
  });

  test("report a command that does not become the application", () => {
    const { notes } = write("systemd", { command: ["npx", "tricorn", "serve", "main.js"] });
    expect(notes).toContain(
      "systemd passes its socket to npx, which does not use it: name node or the program itself.",
    );
  });

  test("need a command", () => {
    expect(() => write("systemd")).toThrow("Cannot configure systemd: it starts the application");
  });

  test("start an application by the first request, which finds its socket and ends by SIGTERM", async () => {
    const { program: node, args, cwd } = program("contract");
    const listen = `127.0.0.1:${await freePort()}`;
    const { folder, units } = await folderOf({ listen, command: [node, ...args], directory: cwd });
    const [socket, service] = write("systemd", { listen, command: [node, ...args], directory: cwd }).files;
    expect(units).toHaveLength(2);
    // What systemd would do by these lines; none of these words needs its quotes.
    const started = new BackgroundProcess({
      program: "systemd-socket-activate",
      args: [
        "-l",
        setting(socket!.text, "ListenStream")!,
        ...setting(service!.text, "ExecStart")!.split(" "),
      ],
      cwd: setting(service!.text, "WorkingDirectory")!,
      log: join(folder, "log"),
      env: { TRICORN_LOG_LEVEL: "info" },
    });
    onTestFinished(() => started.stop().then(() => undefined));
    await started.line(/Listening on /);
    const client = new FastCgiClient({ address: listen });
    onTestFinished(() => client.close());
    const answer = await client.request({ params: { REQUEST_METHOD: "GET", REQUEST_URI: "/hello" } });
    expect(await answer.text()).toBe("Hello\n");
    await started.line(/Listening on fd:3 for FastCGI/);
    expect(await started.stop("SIGTERM")).toBe(0);
  });
});
