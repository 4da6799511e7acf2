import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The compiler option that leads the name of the package to its sources, as this project's tsconfig.json does. */
export const paths = {
  tricorn: [join(root, "src/index.ts")],
  "tricorn/*": [join(root, "src/*/index.ts")],
} as const;

/** The documents whose code blocks are for readers to copy. */
export const documents: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** The words after the opening fence, such as `runnable`. */
  readonly info: string;
  readonly text: string;
}

/** The text of a document. */
export function readDocument(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly fence: string; readonly lines: string[] } | undefined;
  for (const [index, line] of readDocument(document).split("\n").entries()) {
    if (open === undefined) {
      if (line.startsWith("```")) open = { line: index + 1, fence: line.slice(3).trim(), lines: [] };
    } else if (line === "```") {
      const [language = "", ...info] = open.fence.split(" ");
      blocks.push({ document, line: open.line, language, info: info.join(" "), text: open.lines.join("\n") });
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${document}:${open.line}: the block is not closed`);
  return blocks;
}

/** The block of a document that begins with a line, such as the `# …` that names its file. */
export function blockNamed(document: string, firstLine: string): Block {
  const found = blocksOf(document).filter(({ text }) => text.split("\n", 1)[0] === firstLine);
  if (found.length !== 1)
    throw new Error(`${document} has ${found.length} blocks that begin with ${firstLine}`);
  return found[0]!;
}

/** The file that a block names in its first line, `// src/main.ts`; else one named after its line. */
export function fileOf({ text, line }: Block): string {
  return /^\/\/ ([\w./-]+\.ts)$/.exec(text.split("\n", 1)[0]!)?.[1] ?? `line-${line}.ts`;
}

/** The imports of the blocks; oxc-node 0.0.35 compiles decorators to imports of its own helpers. */
const PACKAGES = [
  "zod",
  "pino",
  "markdown-it",
  "express",
  "hono",
  "vitest",
  "@types",
  "@oxc-node",
  "@opentelemetry",
];

/**
 * Writes the TypeScript blocks of documents as files of a project outside of this one, each document into a folder of its
 * own, so that a block can import another one of its document.
 */
export class Extracted {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "tricorn-docs-")));

  constructor(wanted: readonly string[] = documents) {
    const modules = join(this.folder, "node_modules");
    mkdirSync(modules);
    symlinkSync(root, join(modules, "tricorn"));
    for (const name of PACKAGES) symlinkSync(join(root, "node_modules", name), join(modules, name));
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ type: "module" }));
    for (const document of wanted) {
      for (const block of blocksOf(document)) {
        if (block.language !== "ts") continue;
        const file = this.pathOf(block);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `${block.text}\n`);
      }
    }
  }

  /** Where a block was written. */
  pathOf(block: Block): string {
    return join(this.folder, block.document.replace(/\.md$/, "").replaceAll("/", "-"), fileOf(block));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
