import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { temporaryFolder } from "../support/served.js";
import { serverLogLines, skipServerLogs, watchServerLog } from "../support/web-servers/server-logs.js";

test("the last lines that a server logged during a test are shown, even after it has stopped", () => {
  const path = join(temporaryFolder(), "error.log");
  writeFileSync(path, "");
  const endWatch = watchServerLog({ program: "nginx", path });
  appendFileSync(path, "before\n");
  skipServerLogs();
  expect(serverLogLines()).toEqual([]);

  appendFileSync(path, Array.from({ length: 25 }, (_, index) => `line ${index}\n`).join(""));
  const lines = Array.from({ length: 20 }, (_, index) => `  line ${index + 5}`);
  expect(serverLogLines()).toEqual([`nginx logged (${path}):`, ...lines]);
  endWatch();
  expect(serverLogLines()).toEqual([`nginx logged (${path}):`, ...lines]);
  skipServerLogs();
  expect(serverLogLines()).toEqual([]);
});
