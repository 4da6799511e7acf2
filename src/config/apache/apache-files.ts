import type { ApacheParts } from "./apache-parts.js";
import { apachePath, apacheSection } from "./apache-text.js";
import { filterRegex, mountRegex, respondRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { paragraph } from "../text.js";

/**
 * The part of the configuration that lets Apache serve files of the root, for an application without a mount. Rewriting comes
 * first: a request that it maps to a file does not reach the application.
 */
export function apacheFiles(plan: RoutingPlan): ApacheParts {
  const { root } = plan.deployment;
  if (root === undefined) return { modules: [], site: [] };
  return {
    modules: ["dir", "mime", "rewrite"],
    site: [
      ...paragraph(filesComment(plan), [
        `DocumentRoot ${apachePath(root)}`,
        ...apacheSection("Directory", apachePath(root), folderDirectives(plan)),
        INDEX_FILE,
        MEDIA_TYPES,
      ]),
      ...paragraph(
        ["Apache serves them, except for paths of the application."],
        fileRules(plan, {
          file: "%{DOCUMENT_ROOT}%{REQUEST_URI}",
          rule: 'RewriteRule "^" "%{DOCUMENT_ROOT}%{REQUEST_URI}" [END]',
        }),
      ),
    ],
  };
}

const INDEX_FILE = "DirectoryIndex index.html";
const MEDIA_TYPES = 'TypesConfig "/etc/mime.types"';

/** The files below a mount. */
export interface MountFiles extends ApacheParts {
  /** Lines in the location of the mount. */
  readonly location: readonly string[];
}

/**
 * The part of the configuration that lets Apache serve files of the root below the mount.
 *
 * @param programs the files to which the application's own paths lead, if it has a handler of its own
 */
export function mountFiles(plan: RoutingPlan, programs: readonly string[]): MountFiles {
  const { root, mount, part } = plan.deployment;
  if (root === undefined) return { modules: [], site: [], location: [] };
  return {
    modules: ["dir", "mime"],
    site: [
      ...paragraph(filesComment(plan), [
        ...apacheSection("Directory", apachePath(root), folderDirectives(plan)),
        // A site has its own.
        ...(part === "whole" ? [MEDIA_TYPES] : []),
      ]),
      ...paragraph(
        [
          "Apache serves them, except for paths of the application. These rules only run where the engine is on: at the mount.",
        ],
        fileRules(plan, {
          file: `${root}$1`,
          rule: `RewriteRule "${mountRegex(mount)}(/[\\s\\S]*)?$" ${apachePath(`${root}$1`)} [L,H=default-handler]`,
          // With MergeSlashes Off, an authorizer would not be asked about "/app//members".
          unless: ["//"],
        }),
      ),
    ],
    location: [
      INDEX_FILE,
      "# Files are sent as they are: the site may run scripts.",
      ...(programs.length === 0
        ? ['SetHandler "none"']
        : programs.flatMap((program) =>
            apacheSection("If", `"%{REQUEST_FILENAME} != '${program}'"`, ['SetHandler "none"']),
          )),
    ],
  };
}

function filesComment({ deployment: { links } }: RoutingPlan): string[] {
  return [
    links === "followed"
      ? "Files of the root, including symbolic links."
      : "Files of the root. Symbolic links are not followed: they could lead to protected files.",
  ];
}

function folderDirectives({ deployment: { links } }: RoutingPlan): string[] {
  return [
    "AllowOverride None",
    links === "followed" ? "Options FollowSymLinks" : "Options None",
    "Require all granted",
  ];
}

interface FileRulesOptions {
  /** The requested path as a file. */
  readonly file: string;
  /** The rule that serves it. */
  readonly rule: string;
  /** Paths that are never served, as regular expressions. */
  readonly unless?: readonly string[];
}

function fileRules(plan: RoutingPlan, { file, rule, unless = [] }: FileRulesOptions): string[] {
  const respond = respondRegex(plan, "bytes");
  const filter = filterRegex(plan, "bytes");
  const except = (text: string, regex: string | undefined): string[] =>
    regex === undefined ? [] : [`RewriteCond "${text}" "!${regex}"`];
  const never = [...unless, ...(respond === undefined ? [] : [respond])].flatMap((regex) =>
    except("%{REQUEST_URI}", regex),
  );
  const index = `${file}/index.html`;
  if (filter === undefined) {
    return [...never, `RewriteCond "${file}" -f [OR]`, `RewriteCond "${index}" -f`, rule];
  }
  return [
    ...never,
    ...except("%{REQUEST_URI}", filter),
    `RewriteCond "${file}" -f`,
    rule,
    "# The index file of a folder may be filtered too.",
    ...never,
    ...except("%{REQUEST_URI}index.html", filter),
    `RewriteCond "${index}" -f`,
    rule,
  ];
}
