import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

import { documents, readDocument, root } from "./blocks.js";

/** The anchors that a reader of the rendered document can jump to. */
function anchorsOf(document: string): Set<string> {
  const headings = readDocument(document).match(/(?<=^#{1,6} ).+$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The error of a relative link; undefined if it resolves. */
function faultOf(document: string, target: string): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? document : join(dirname(document), path);
  if (!existsSync(join(root, file))) return "there is no such file";
  if (anchor === undefined || statSync(join(root, file)).isDirectory()) return undefined;
  return anchorsOf(file).has(anchor) ? undefined : "there is no such heading";
}

test.each([...documents, "ARCHITECTURE.md", "CHANGELOG.md"])(
  "each relative link of %s resolves",
  (document) => {
    const text = readDocument(document).replaceAll(/^```.*?^```$/gms, "");
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const broken = targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => ({ target, fault: faultOf(document, target) }))
      .filter(({ fault }) => fault !== undefined);
    expect(broken).toEqual([]);
  },
);
