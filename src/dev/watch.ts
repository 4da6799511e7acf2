import { watch as watchFiles } from "chokidar";

import type { WatchedFiles } from "./watched-files.js";

/** How long no further file must change before the changes take effect; ms. Editors and tools write several at once. */
const QUIET = 40;

/** What a change leads to. */
export interface WatchListener {
  restart(files: readonly string[]): void;
  reload(files: readonly string[]): void;
  /** Something cannot be watched. */
  failed(error: Error): void;
}

/** A running watch. */
export interface Watch {
  /** Watches the static files, if their folder is known only now. */
  addRoot(root: string): void;
  close(): Promise<void>;
}

/** Watches files. Resolves when all of them are watched. */
export async function watch(files: WatchedFiles, listener: WatchListener): Promise<Watch> {
  const changed = { restart: new Set<string>(), reload: new Set<string>() };
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    for (const effect of ["restart", "reload"] as const) {
      const paths = [...changed[effect]];
      changed[effect].clear();
      if (paths.length > 0) listener[effect](paths);
    }
  };
  const watcher = watchFiles([...files.paths], {
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
    ignored: (path, stats) => stats !== undefined && files.ignores(path, stats.isFile()),
  });
  watcher.on("all", (event, path) => {
    if (event === "addDir" || event === "unlinkDir") return;
    const effect = files.effectOf(path);
    if (effect === "nothing") return;
    changed[effect].add(path);
    clearTimeout(timer);
    timer = setTimeout(tell, QUIET);
  });
  watcher.on("error", (error) => listener.failed(error as Error));
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return {
    addRoot: (root) => {
      if (files.takeRoot(root)) watcher.add(root);
    },
    close: () => {
      clearTimeout(timer);
      return watcher.close();
    },
  };
}
