import type { ApacheParts } from "./apache-parts.js";
import { quotedPath, section } from "./apache-text.js";
import { filterRegex, mountRegex, respondRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { paragraph } from "../text.js";

/**
 * The part of the configuration that keeps files of the root for Apache, and what lies outside of the mount from the
 * application. Rewriting comes first: what it has found a file for is no longer asked the application for.
 */
export function ownFiles(plan: RoutingPlan): ApacheParts {
  const { root, mount, links } = plan.deployment;
  const outside = outsideOfMount(plan);
  if (root === undefined) {
    return outside.length === 0
      ? { modules: [], site: [] }
      : { modules: ["rewrite"], site: paragraph([`There is nothing beside ${mount}.`], outside) };
  }
  return {
    modules: ["dir", "mime", "rewrite"],
    site: [
      ...paragraph(
        [
          links === "followed"
            ? "Files of the root, and what links in it lead to."
            : "Files of the root. A link in it could lead past what is protected, so none is followed.",
        ],
        [
          `DocumentRoot ${quotedPath(root)}`,
          ...section("Directory", quotedPath(root), [
            "AllowOverride None",
            links === "followed" ? "Options FollowSymLinks" : "Options None",
            "Require all granted",
          ]),
          "DirectoryIndex index.html",
          'TypesConfig "/etc/mime.types"',
        ],
      ),
      ...paragraph(
        ["They are Apache's own, unless the application answers for that path."],
        [...outside, ...fileRules(plan)],
      ),
    ],
  };
}

const FILE = '"%{DOCUMENT_ROOT}%{REQUEST_URI}"';
const INDEX = '"%{DOCUMENT_ROOT}%{REQUEST_URI}/index.html"';
const TO_FILE = `RewriteRule "^" ${FILE} [END]`;

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
      TO_FILE,
    ];
  }
  return [
    ...unless("%{REQUEST_URI}", respond),
    ...unless("%{REQUEST_URI}", filter),
    `RewriteCond ${FILE} -f`,
    TO_FILE,
    "# The file that stands for a folder may be one for a filter as well.",
    ...unless("%{REQUEST_URI}", respond),
    ...unless("%{REQUEST_URI}index.html", filter),
    `RewriteCond ${INDEX} -f`,
    TO_FILE,
  ];
}

/** The application is not led past its own mount: what it answers there nobody protects. */
function outsideOfMount({ deployment: { mount, root }, ...plan }: RoutingPlan): string[] {
  if (mount === "") return [];
  const outside = `RewriteCond "%{REQUEST_URI}" "!${mountRegex(mount)}(?:/|$)"`;
  if (root === undefined) return [outside, 'RewriteRule "^" "-" [R=404,L]'];
  const filter = filterRegex(plan, "bytes");
  if (filter === undefined) return [];
  return [
    "# Nor is a file served as it is that only its filter should show.",
    outside,
    `RewriteRule "${filter}" "-" [R=404,L]`,
    outside,
    `RewriteCond "%{REQUEST_URI}index.html" "${filter}"`,
    'RewriteRule "/$" "-" [R=404,L]',
  ];
}
