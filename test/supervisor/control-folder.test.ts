import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import {
  controlFolder,
  controlFolders,
  faultOf,
  makeControlFolder,
} from "../../src/supervisor/control-folder.js";
import { temporaryFolder } from "../support/served.js";

const uid = process.getuid!();

describe("controlFolder", () => {
  test.each([
    [0, {}, "/run/tricorn"],
    [0, { XDG_RUNTIME_DIR: "/run/user/0" }, "/run/tricorn"],
    [1000, {}, "/tmp/tricorn-1000"],
    [1000, { XDG_RUNTIME_DIR: "/run/user/1000" }, "/run/user/1000/tricorn"],
    [1000, { XDG_RUNTIME_DIR: "relative" }, "/tmp/tricorn-1000"],
    [33, { RUNTIME_DIRECTORY: "/run/hats:/run/more" }, "/run/hats/control"],
    [0, { RUNTIME_DIRECTORY: "/run/hats" }, "/run/hats/control"],
  ])("of user %i with %j is %s", (uid, environment, folder) => {
    expect(controlFolder({ uid, environment })).toBe(folder);
  });

  test("is among the folders of a process of that user that was started with other variables", () => {
    for (const environment of [{}, { XDG_RUNTIME_DIR: "/run/user/1000" }]) {
      expect(controlFolders({ uid: 1000, environment: {} })).toContain(
        controlFolder({ uid: 1000, environment }),
      );
    }
  });
});

describe("makeControlFolder", () => {
  const make = (path: string) => () => makeControlFolder(path, uid);

  test("creates a folder that only its user may enter, under every umask", () => {
    const path = join(temporaryFolder(), "control");
    const umask = process.umask(0);
    try {
      make(path)();
      make(path)();
    } finally {
      process.umask(umask);
    }
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test("refuses one that others may enter", () => {
    const path = temporaryFolder();
    for (const mode of [0o710, 0o701, 0o770, 0o777]) {
      chmodSync(path, mode);
      expect(make(path)).toThrow(
        `Cannot open control socket in ${path}: its mode is 0${mode.toString(8)}; only 0700 keeps others out`,
      );
    }
  });

  test("refuses one of another user, whatever its mode", () => {
    const path = temporaryFolder();
    if (uid === 0) {
      chownSync(path, 65_534, 65_534);
      expect(make(path)).toThrow("it belongs to user 65534");
    } else {
      expect(() => makeControlFolder(path, uid + 1)).toThrow(`it belongs to user ${uid}`);
    }
  });

  test("refuses a link, a file and a folder below none", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "real"), { mode: 0o700 });
    symlinkSync(join(folder, "real"), join(folder, "link"));
    writeFileSync(join(folder, "file"), "");
    expect(make(join(folder, "link"))).toThrow("it is not a folder");
    expect(make(join(folder, "file"))).toThrow("it is not a folder");
    expect(make(join(folder, "none/control"))).toThrow(`there is no folder ${join(folder, "none")}`);
  });

  test("refuses one that others could replace, because everyone may write to the folder above", () => {
    const above = temporaryFolder();
    const path = join(above, "control");
    chmodSync(above, 0o777);
    expect(make(path)).toThrow(`everyone may write to ${above}, whose mode is 0777`);
    // As /tmp is.
    chmodSync(above, 0o1777);
    expect(make(path)).not.toThrow();
    expect(faultOf(path, uid)).toBeUndefined();
  });
});
