import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

// Examples and tests import "tricorn" by its name; this condition of package.json's `exports` leads them to src/.
// Vite's own conditions have to be repeated, because setting the list replaces it.
const conditions = ["tricorn-source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["tricorn-source", "node"] } },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    // Processes, not threads: tests start Web servers, send signals and change the working directory.
    pool: "forks",
    // At least two, also where there are two cores: most files wait for servers and programs.
    maxWorkers: Math.max(2, availableParallelism() - 1),
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
