import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

import { bundledRequires } from "../bundled-requires.js";

/**
 * Makes one JavaScript file of a program of `programs/`, and says where it lies. It starts in a quarter of the time,
 * which counts where a Web server starts it for every request.
 */
export async function bundledProgram(
  name: "contract" | "gate",
  { folder }: { readonly folder: string },
): Promise<string> {
  await build({
    configFile: false,
    logLevel: "error",
    root: fileURLToPath(new URL("../../../", import.meta.url)),
    resolve: { tsconfigPaths: true },
    ssr: { noExternal: true },
    plugins: [bundledRequires],
    build: {
      ssr: fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url)),
      outDir: join(folder, "programs"),
      target: "node20",
      rolldownOptions: { output: { entryFileNames: "[name].mjs" } },
    },
  });
  return join(folder, "programs", `${name}.mjs`);
}
