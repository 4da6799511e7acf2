import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";

import { DocumentRoot, type LocatedFile } from "../../src/files/document-root.js";
import { nodeFileSystem, type FileSystem } from "../../src/files/file-system.js";
import { LONG_AGO, folderWith, openFilesBelow, putFile } from "../support/folders.js";

/** The result of both steps for a path, with actions before and after the second one opens it. */
async function openAfter(
  root: string,
  path: string,
  { before, behind, ...more }: Partial<FileSystem> & { before?: () => void; behind?: () => void },
): Promise<string> {
  const documentRoot = await DocumentRoot.open(root, {
    fileSystem: {
      ...nodeFileSystem,
      open: async (path) => {
        before?.();
        try {
          return await nodeFileSystem.open(path);
        } finally {
          behind?.();
        }
      },
      ...more,
    },
  });
  const located = await documentRoot.locate(path);
  expect(located.kind).toBe("file");
  const opened = await documentRoot.openFile(located as LocatedFile);
  if ("kind" in opened) return opened.kind;
  const content = await text(opened);
  await opened.close();
  return content;
}

/** A system that does not report the path of an open file, as all but Linux. */
const untold: Partial<FileSystem> = { pathOf: () => Promise.resolve(undefined) };

describe("a document root", () => {
  test.each([
    ["is not there", "none"],
    ["is a file", "file.txt"],
  ])("that %s is refused", async (_what, name) => {
    const folder = folderWith({ "file.txt": "" });
    await expect(DocumentRoot.open(join(folder, name))).rejects.toMatchObject({
      code: "ERR_DOCUMENT_ROOT",
      fault: "local",
      message: expect.stringMatching(
        /^Cannot serve files of ".+": it (?:is not a folder|does not exist, or this process may not enter it); name a folder/,
      ) as string,
    });
  });

  test("that this process may not enter is refused", async () => {
    const enter = (): Promise<void> => Promise.reject(Object.assign(new Error("no"), { code: "EACCES" }));
    await expect(
      DocumentRoot.open(folderWith({}), { fileSystem: { ...nodeFileSystem, enter } }),
    ).rejects.toMatchObject({ code: "ERR_DOCUMENT_ROOT" });
  });

  test("may be reached by a link, and is identified by its real path", async () => {
    const folder = folderWith({ "site/a.txt": "a" });
    symlinkSync("site", join(folder, "link"));
    const root = await DocumentRoot.open(join(folder, "link"));
    expect(root.path).toBe(join(folder, "site"));
    expect(await root.locate("/a.txt")).toMatchObject({ kind: "file", realPath: join(folder, "site/a.txt") });
  });
});

describe("a path below a document root", () => {
  test.each([
    ["/a.txt", "file"],
    ["/", "file"],
    ["/docs/", "file"],
    ["/docs", "folder"],
    ["/empty/", "missing"],
    ["/none", "missing"],
    ["/a.txt/", "missing"],
    ["/a.txt/more", "missing"],
    [`/${"x".repeat(300)}`, "missing"],
    ["/.env", "forbidden"],
    ["/.git/config", "forbidden"],
    ["/docs/.env", "forbidden"],
    ["/to-env", "forbidden"],
    ["/pipe", "forbidden"],
    ["/outside.txt", "missing"],
    ["/up/outside.txt", "missing"],
    ["/folder.txt/", "forbidden"],
    ["/loop", "forbidden"],
    ["/inside.txt", "file"],
  ])("%s leads to: %s", async (path, kind) => {
    const folder = folderWith({
      "outside.txt": "SECRET",
      "site/a.txt": "a",
      "site/index.html": "home",
      "site/docs/index.html": "docs",
      "site/docs/.env": "SECRET",
      "site/.env": "SECRET",
      "site/.git/config": "SECRET",
      "site/empty/x/y": "",
      "site/folder.txt/index.html/x": "",
    });
    const site = join(folder, "site");
    symlinkSync(".env", join(site, "to-env"));
    symlinkSync("../outside.txt", join(site, "outside.txt"));
    symlinkSync("..", join(site, "up"));
    symlinkSync("loop", join(site, "loop"));
    symlinkSync("docs/../a.txt", join(site, "inside.txt"));
    execFileSync("mkfifo", [join(site, "pipe")]);
    const root = await DocumentRoot.open(site);
    expect((await root.locate(path)).kind).toBe(kind);
  });

  test("gives the names and the facts of a file", async () => {
    const folder = folderWith({ "a.txt": "12345" });
    symlinkSync("a.txt", join(folder, "b.txt"));
    const root = await DocumentRoot.open(folder);
    expect(await root.locate("/b.txt")).toEqual({
      kind: "file",
      name: "/b.txt",
      realName: "/a.txt",
      realPath: join(folder, "a.txt"),
      facts: {
        length: 5,
        modified: Math.floor(LONG_AGO.getTime() / 1000),
        modifiedNs: BigInt(LONG_AGO.getTime()) * 1_000_000n,
        identity: expect.stringMatching(/^\d+:\d+$/) as string,
      },
    });
  });

  test("that ends with a slash leads to a declared index", async () => {
    const root = await DocumentRoot.open(folderWith({ "docs/index.md": "# Docs" }), { index: "index.md" });
    expect(await root.locate("/docs/")).toMatchObject({ kind: "file", name: "/docs/index.md" });
    expect(await root.locate("/")).toEqual({ kind: "missing" });
  });
});

describe.each([
  ["if the system reports the path of a descriptor", {}],
  ["where device and inode have to do", untold],
] as const)("between lookup and open, %s,", (_where, fileSystem) => {
  /** A site beside a private folder, and a function that swaps them. */
  function stage() {
    const folder = folderWith({ "site/docs/a.txt": "public", "private/a.txt": "SECRET" });
    const docs = join(folder, "site/docs");
    return {
      folder,
      site: join(folder, "site"),
      docs,
      swapIn: () => {
        renameSync(docs, join(folder, "aside"));
        symlinkSync("../private", docs);
      },
      swapOut: () => {
        unlinkSync(docs);
        renameSync(join(folder, "aside"), docs);
      },
    };
  }

  test("nothing happens, and the file is opened", async () => {
    const { site } = stage();
    expect(await openAfter(site, "/docs/a.txt", fileSystem)).toBe("public");
  });

  test("a folder above the file becomes a link that leads outside: not found", async () => {
    const { site, folder, swapIn } = stage();
    expect(await openAfter(site, "/docs/a.txt", { before: swapIn, ...fileSystem })).toBe("missing");
    expect(openFilesBelow(folder)).toEqual([]);
  });

  test("it becomes one and is a folder again at once: not found", async () => {
    const { site, folder, swapIn, swapOut } = stage();
    const hooks = { before: swapIn, behind: swapOut, ...fileSystem };
    expect(await openAfter(site, "/docs/a.txt", hooks)).toBe("missing");
    expect(openFilesBelow(folder)).toEqual([]);
  });

  test("the root becomes a link that leads outside: not found", async () => {
    const { site, folder } = stage();
    putFile(join(folder, "other/docs/a.txt"), "SECRET");
    const before = (): void => {
      renameSync(site, join(folder, "aside"));
      symlinkSync("other", site);
    };
    expect(await openAfter(site, "/docs/a.txt", { before, ...fileSystem })).toBe("missing");
  });

  test("the file becomes a link: it is not followed", async () => {
    const { site, folder, docs } = stage();
    const before = (): void => {
      unlinkSync(join(docs, "a.txt"));
      symlinkSync("../../private/a.txt", join(docs, "a.txt"));
    };
    expect(await openAfter(site, "/docs/a.txt", { before, ...fileSystem })).toBe("forbidden");
    expect(openFilesBelow(folder)).toEqual([]);
  });

  test("the file becomes a pipe: opening does not wait for its other end", async () => {
    const { site, folder, docs } = stage();
    const before = (): void => {
      unlinkSync(join(docs, "a.txt"));
      execFileSync("mkfifo", [join(docs, "a.txt")]);
    };
    expect(await openAfter(site, "/docs/a.txt", { before, ...fileSystem })).toBe("forbidden");
    expect(openFilesBelow(folder)).toEqual([]);
  });

  test("the file becomes a folder: not found", async () => {
    const { site, folder, docs } = stage();
    const before = (): void => {
      unlinkSync(join(docs, "a.txt"));
      mkdirSync(join(docs, "a.txt"));
    };
    expect(await openAfter(site, "/docs/a.txt", { before, ...fileSystem })).toBe("forbidden");
    expect(openFilesBelow(folder)).toEqual([]);
  });

  test("the file is removed: not found", async () => {
    const { site, docs } = stage();
    const before = (): void => rmSync(docs, { recursive: true });
    expect(await openAfter(site, "/docs/a.txt", { before, ...fileSystem })).toBe("missing");
  });

  test("another file takes its place: that one is opened, with its facts", async () => {
    const { site, docs } = stage();
    const before = (): void => {
      putFile(join(docs, "new"), "newer, and longer");
      renameSync(join(docs, "new"), join(docs, "a.txt"));
    };
    expect(await openAfter(site, "/docs/a.txt", { before, ...fileSystem })).toBe("newer, and longer");
  });
});

test("A system error is not treated as a missing file", async () => {
  const root = folderWith({ "a.txt": "a" });
  const open = (): Promise<never> => Promise.reject(Object.assign(new Error("too many"), { code: "EMFILE" }));
  await expect(openAfter(root, "/a.txt", { open })).rejects.toMatchObject({ code: "EMFILE" });
});
