import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

export default defineConfig({
  // Examples and tests import "tricorn" by its name; the paths of tsconfig.json lead them to src/.
  resolve: { tsconfigPaths: true },
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
