import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The variable in which `@oxc-node/core` finds the path of a tsconfig.json; by default it takes that of the working directory. */
const VARIABLE = "OXC_TSCONFIG_PATH";

/** What controllers need, for a project without a tsconfig.json. */
const SETTINGS = {
  compilerOptions: {
    target: "es2022",
    module: "nodenext",
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  },
};

/**
 * Returns the variables with which a TypeScript program is run by the nearest tsconfig.json above it; if there is none, by one that is
 * written to `folder`.
 */
export function typescriptSettings(
  script: string,
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  if (environment[VARIABLE] !== undefined || environment["TS_NODE_PROJECT"] !== undefined) return {};
  const found = nearest(dirname(script));
  if (found !== undefined) return { [VARIABLE]: found };
  const path = join(folder, "tsconfig.json");
  writeFileSync(path, JSON.stringify(SETTINGS));
  return { [VARIABLE]: path };
}

function nearest(folder: string): string | undefined {
  const path = join(folder, "tsconfig.json");
  if (existsSync(path)) return path;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearest(parent);
}
