// Adds what the servers logged meanwhile to the message of a failed test. Vitest runs this before each test file of the
// projects that name it in `setupFiles`.
import { afterEach, beforeEach } from "vitest";

import { serverLogLines, skipServerLogs } from "./server-logs.js";

beforeEach(skipServerLogs);

afterEach(({ task }) => {
  const [error] = task.result?.errors ?? [];
  const lines = error === undefined ? [] : serverLogLines();
  if (error === undefined || lines.length === 0) return;
  const { message } = error;
  error.message = `${message}\n\n${lines.join("\n")}`;
  if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
});
