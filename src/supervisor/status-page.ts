import { createHash } from "node:crypto";

import { readPageFile } from "../page/page-file.js";

/** The scripts of the page. None imports a later one. */
const SCRIPTS = [
  "element.js",
  "formats.js",
  "ages.js",
  "history.js",
  "morph.js",
  "section.js",
  "visible.js",
  "active.js",
  "judge.js",
  "refusals.js",
  "findings.js",
  "workers.js",
  "chart.js",
  "charts.js",
  "routes.js",
  "records.js",
  "poll.js",
  "page.js",
];
const STYLES = [
  "theme.css",
  "page.css",
  "state.css",
  "active.css",
  "workers.css",
  "tables.css",
  "charts.css",
];

interface Module {
  readonly name: string;
  readonly code: string;
}

/** The page that shows the status live. */
export interface StatusPage {
  readonly html: string;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

/**
 * Makes one document of the files of the page, so that a Web server has to pass no other path on. It asks for the status at its own
 * URL with the query `json`.
 *
 * @throws if a file is missing
 */
export async function makeStatusPage(): Promise<StatusPage> {
  const [html, icon, styles, scripts] = await Promise.all([
    readPageFile("supervisor", "page.html"),
    readPageFile("supervisor", "icon.svg"),
    Promise.all(STYLES.map((name) => readPageFile("supervisor", name))),
    Promise.all(SCRIPTS.map(async (name) => ({ name, code: await readPageFile("supervisor", name) }))),
  ]);
  const style = styles.join("\n");
  const script = join(scripts);
  const parts: Readonly<Record<string, string>> = {
    "<!-- style -->": `<style>${style}</style>`,
    "<!-- script -->": `<script type="module">${script}</script>`,
    "{{icon}}": `data:image/svg+xml;base64,${Buffer.from(icon).toString("base64")}`,
  };
  return {
    html: html.replaceAll(/<!-- \w+ -->|\{\{\w+\}\}/g, (part) => parts[part] ?? part),
    policy: policyFor({ style, script }),
  };
}

/** Joins modules to one script: each is a function with its own names, which returns what it exports. */
function join(modules: readonly Module[]): string {
  return ["const modules = {};", ...modules.map(asFunction)].join("\n");
}

function asFunction({ name, code }: Module): string {
  const exported = Array.from(code.matchAll(/^export (?:const|function) (\w+)/gm), ([, word]) => word);
  const body = code
    .replaceAll(
      /^import (\{[^}]*\}) from "\.\/([^"]+)";$/gm,
      (_, names, from) => `const ${names} = modules["${from}"];`,
    )
    .replaceAll(/^export (?=const|function)/gm, "");
  return `modules["${name}"] = (() => {\n${body}return { ${exported.join(", ")} };\n})();`;
}

/** Only what is in the document runs; it talks to its own origin, nothing frames it, and strings do not become HTML. */
function policyFor({ style, script }: { readonly style: string; readonly script: string }): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
