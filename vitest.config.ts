import { defineConfig, type TestProjectConfiguration } from "vitest/config";

import { LongestFirst } from "./test/support/longest-first.js";

/** Tests that have a project of their own; all others are unit tests. */
const apart = {
  conformance: ["test/conformance/**/*.test.ts"],
  "web-servers": ["test/web-servers/**/*.test.ts"],
  documents: ["test/documents/**/*.test.ts"],
  // `serve` and the command are tested as processes.
  long: ["test/long/**/*.test.ts", "test/serve/**/*.test.ts", "test/cli/**/*.test.ts"],
};

const compilesPrograms = { globalSetup: ["test/support/compile-programs.ts"] };
const startsServers = { ...compilesPrograms, setupFiles: ["test/support/web-servers/report-server-logs.ts"] };

function project(name: string, test: object): TestProjectConfiguration {
  return { extends: true, test: { name, ...test } };
}

export default defineConfig({
  // Examples and tests import "tricorn" by its name; the paths of tsconfig.json lead them to src/.
  resolve: { tsconfigPaths: true },
  test: {
    environment: "node",
    projects: [
      project("unit", { include: ["test/**/*.test.ts"], exclude: Object.values(apart).flat() }),
      project("conformance", { include: apart.conformance, ...compilesPrograms }),
      project("web-servers", { include: apart["web-servers"], ...startsServers }),
      project("documents", { include: apart.documents, ...startsServers }),
      project("long", { include: apart.long, ...startsServers }),
    ],
    reporters: ["./test/support/progress-reporter.ts"],
    // Processes, not threads: tests start Web servers, send signals and change the working directory.
    pool: "forks",
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    // A machine with other work to do is no reason to fail.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    unstubEnvs: true,
    unstubGlobals: true,
    restoreMocks: true,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});
