import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { describe, expect, test } from "vitest";

import { identityModule, identityOfWorkers } from "../../src/supervisor/identity.js";

const isRoot = process.getuid!() === 0;

/** What `id` says about a user. */
function id(option: string, user: string): string {
  return execFileSync("id", [option, user], { encoding: "utf8" }).trim();
}

/** What a worker of an identity finds that it is. */
function worker(module: string, script = PRINT): { readonly ids: number[]; readonly groups: string } {
  // The master has groups of its own, which must not stay.
  const command = ["--groups", "4,24", "--", process.execPath, "--import", module, "-e", script];
  const out = execFileSync("setpriv", command, { encoding: "utf8" });
  return JSON.parse(out);
}

const PRINT = `
  const { getuid, geteuid, getgid, getegid, getgroups } = process;
  const ids = [getuid(), geteuid(), getgid(), getegid()];
  console.log(JSON.stringify({ ids, groups: [...new Set(getgroups())].sort((a, b) => a - b).join(" ") }));
`;

function groupsOf(user: string): string {
  return id("-G", user)
    .split(" ")
    .map(Number)
    .toSorted((a, b) => a - b)
    .join(" ");
}

// Only root can become another user; another user can only be refused.
const asRoot = (): void => {
  test("refuses to choose root by itself", () => {
    expect(() => identityOfWorkers({})).toThrow(
      "Cannot start workers: the workers would run as root; name their user with --user, or root with --user root",
    );
    expect(() => identityOfWorkers({ group: "www-data" })).toThrow("the workers would run as root");
    expect(identityOfWorkers({ user: "root" })).toEqual({ uid: 0, gid: 0 });
  });

  test.each(["www-data", "nobody", "daemon"])(
    "finds user %s by name and by number, with its group",
    (user) => {
      const found = { uid: Number(id("-u", user)), gid: Number(id("-g", user)) };
      expect(identityOfWorkers({ user })).toEqual(found);
      expect(identityOfWorkers({ user: String(found.uid) })).toEqual(found);
    },
  );

  test("takes another group if one is named", () => {
    expect(identityOfWorkers({ user: "www-data", group: "nogroup" })).toEqual({
      uid: Number(id("-u", "www-data")),
      gid: 65_534,
    });
    expect(identityOfWorkers({ user: "54321", group: "54322" })).toEqual({ uid: 54_321, gid: 54_322 });
  });

  test.each([
    [{ user: "nobody-there" }, "there is no user nobody-there"],
    [{ user: "54321" }, "user 54321 has no entry that names its group; name one with --group"],
    [{ user: "www-data", group: "no-such-group" }, "there is no group no-such-group"],
  ])("refuses %j, and stays root", (wanted, fact) => {
    const before = [process.geteuid!(), process.getegid!()];
    expect(() => identityOfWorkers(wanted)).toThrow(fact);
    expect([process.geteuid!(), process.getegid!()]).toEqual(before);
  });

  test("gives a worker the user, its group and its supplementary groups before the program", () => {
    const identity = identityOfWorkers({ user: "www-data" })!;
    const { uid, gid } = identity;
    expect(worker(identityModule(identity))).toEqual({
      ids: [uid, uid, gid, gid],
      groups: groupsOf("www-data"),
    });
  });

  test("lets no worker become root again", () => {
    const again =
      "try { process.setuid(0); } catch ({ code }) { console.log(JSON.stringify({ ids: [], groups: code })); }";
    expect(worker(identityModule(identityOfWorkers({ user: "www-data" })!), again).groups).toBe("EPERM");
  });

  test("changes nothing in threads and processes of the program, which inherit the option", () => {
    const script = `
      const { Worker } = require("node:worker_threads");
      const { execFileSync } = require("node:child_process");
      new Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true }).on("message", () => {
        process.stdout.write(execFileSync(process.execPath, [...process.execArgv.slice(0, 2), "-e", process.argv[1]]));
      });
    `;
    const identity = identityOfWorkers({ user: "www-data" })!;
    const out = execFileSync(process.execPath, ["--import", identityModule(identity), "-e", script, PRINT]);
    expect(JSON.parse(out.toString()).ids[0]).toBe(identity.uid);
  });
};

const asAnotherUser = (): void => {
  test("keeps it, and refuses to choose", () => {
    expect(identityOfWorkers({})).toBeUndefined();
    for (const wanted of [{ user: userInfo().username }, { group: "nogroup" }])
      expect(() => identityOfWorkers(wanted)).toThrow(
        "only root can choose the user and group of the workers",
      );
  });
};

if (isRoot) describe("identityOfWorkers, as root", asRoot);
else describe("identityOfWorkers, as another user", asAnotherUser);
