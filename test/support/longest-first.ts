import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The slowest files, slowest first: one that starts last would occupy a single worker at the end. */
const LONGEST = [
  "test/web-servers/apache-authorizers.test.ts",
  "test/serve/mistakes.test.ts",
  "test/web-servers/starters.test.ts",
  "test/web-servers/apache.test.ts",
  "test/web-servers/lighttpd.test.ts",
  "test/web-servers/nginx.test.ts",
  "test/web-servers/jetty.test.ts",
  "test/cli/cli.test.ts",
];

/** Projects in the order in which their files begin. */
const PROJECTS = ["web-servers", "long", "documents", "conformance", "unit", "unit-isolated"];

/** Runs the slowest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId, project }: TestSpecification): number {
  const place = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
  return place >= 0 ? place : LONGEST.length + PROJECTS.indexOf(project.name);
}
