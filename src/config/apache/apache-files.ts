import type { ApacheParts } from "./apache-parts.js";
import { apachePath, apacheSection } from "./apache-text.js";
import { filterRegex, mountRegex, respondRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { paragraph } from "../text.js";

/**
 * The part of the configuration that lets Apache serve files of the root, and keeps paths outside the mount from the
 * application. Rewriting comes first: a request that it maps to a file does not reach the application.
 */
export function apacheFiles(plan: RoutingPlan): ApacheParts {
  const { root, mount, links } = plan.deployment;
  const outside = outsideMountRules(plan);
  if (root === undefined) {
    return outside.length === 0
      ? { modules: [], site: [] }
      : { modules: ["rewrite"], site: paragraph([`Nothing outside ${mount} is served.`], outside) };
  }
  return {
    modules: ["dir", "mime", "rewrite"],
    site: [
      ...paragraph(
        [
          links === "followed"
            ? "Files of the root, including symbolic links."
            : "Files of the root. Symbolic links are not followed: they could lead to protected files.",
        ],
        [
          `DocumentRoot ${apachePath(root)}`,
          ...apacheSection("Directory", apachePath(root), [
            "AllowOverride None",
            links === "followed" ? "Options FollowSymLinks" : "Options None",
            "Require all granted",
          ]),
          "DirectoryIndex index.html",
          'TypesConfig "/etc/mime.types"',
        ],
      ),
      ...paragraph(
        ["Apache serves them, except for paths of the application."],
        [...outside, ...fileRules(plan)],
      ),
    ],
  };
}

const FILE = '"%{DOCUMENT_ROOT}%{REQUEST_URI}"';
const INDEX = '"%{DOCUMENT_ROOT}%{REQUEST_URI}/index.html"';
const SERVE_FILE = `RewriteRule "^" ${FILE} [END]`;

function fileRules(plan: RoutingPlan): string[] {
  const respond = respondRegex(plan, "bytes");
  const filter = filterRegex(plan, "bytes");
  const unless = (text: string, regex: string | undefined): string[] =>
    regex === undefined ? [] : [`RewriteCond "${text}" "!${regex}"`];
  if (filter === undefined) {
    return [
      ...unless("%{REQUEST_URI}", respond),
      `RewriteCond ${FILE} -f [OR]`,
      `RewriteCond ${INDEX} -f`,
      SERVE_FILE,
    ];
  }
  return [
    ...unless("%{REQUEST_URI}", respond),
    ...unless("%{REQUEST_URI}", filter),
    `RewriteCond ${FILE} -f`,
    SERVE_FILE,
    "# The index file of a folder may be filtered too.",
    ...unless("%{REQUEST_URI}", respond),
    ...unless("%{REQUEST_URI}index.html", filter),
    `RewriteCond ${INDEX} -f`,
    SERVE_FILE,
  ];
}

/** Keeps requests outside the mount from the application: they are not protected. */
function outsideMountRules({ deployment: { mount, root }, ...plan }: RoutingPlan): string[] {
  if (mount === "") return [];
  const outside = `RewriteCond "%{REQUEST_URI}" "!${mountRegex(mount)}(?:/|$)"`;
  if (root === undefined) return [outside, 'RewriteRule "^" "-" [R=404,L]'];
  const filter = filterRegex(plan, "bytes");
  if (filter === undefined) return [];
  return [
    "# Outside the mount, filtered files are not served.",
    outside,
    `RewriteRule "${filter}" "-" [R=404,L]`,
    outside,
    `RewriteCond "%{REQUEST_URI}index.html" "${filter}"`,
    'RewriteRule "/$" "-" [R=404,L]',
  ];
}
