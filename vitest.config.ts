import { defineConfig, type TestProjectConfiguration } from "vitest/config";

import { LongestFirst } from "./test/support/longest-first.js";

/** Tests that have a project of their own; all others are unit tests. */
const apart = {
  conformance: ["test/conformance/**/*.test.ts"],
  "web-servers": ["test/web-servers/**/*.test.ts"],
  // The page of the inspector needs the browser, as the examples do.
  documents: ["test/documents/**/*.test.ts", "test/inspector/page.test.ts"],
  // `serve` and the command are tested as processes.
  long: [
    "test/long/**/*.test.ts",
    "test/serve/**/*.test.ts",
    "test/cli/**/*.test.ts",
    "test/dev/**/*.test.ts",
    "test/supervisor/**/*.test.ts",
  ],
};

/** Unit tests that change their process, as its environment, umask or globals: each file runs in a process of its own. */
const changesProcess = [
  "test/application.test.ts",
  "test/adapters/fetch-globals.test.ts",
  "test/body/multipart.test.ts",
  "test/decorators/container.test.ts",
  "test/decorators/late-schema.test.ts",
  "test/decorators/without-container.test.ts",
  "test/log/secrets.test.ts",
  "test/process/**/*.test.ts",
  "test/protocol/zeroed-bytes.test.ts",
  "test/server/blocks-in-use.test.ts",
  "test/server/memory-used-again.test.ts",
  "test/server/own-memory.test.ts",
  "test/server/server.test.ts",
  "test/testing/**/*.test.ts",
];

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
      // Files of a project that is not isolated share processes, which load the sources once: half the processor time.
      project("unit", {
        include: ["test/**/*.test.ts"],
        exclude: [...changesProcess, ...Object.values(apart).flat()],
        isolate: false,
      }),
      project("unit-isolated", { include: changesProcess }),
      project("conformance", { include: apart.conformance, isolate: false, ...compilesPrograms }),
      project("web-servers", { include: apart["web-servers"], ...startsServers }),
      project("documents", { include: apart.documents, ...startsServers }),
      project("long", { include: apart.long, testTimeout: 240_000, ...startsServers }),
    ],
    reporters: ["./test/support/progress-reporter.ts"],
    // Processes, not threads: tests start Web servers, send signals and change the working directory.
    pool: "forks",
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Each stands for "never": a machine with other work to do is no reason to fail.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 240_000,
    teardownTimeout: 60_000,
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
