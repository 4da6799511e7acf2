import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { serversDocument } from "../support/fixtures/document/servers-document.js";

test("docs/what-servers-send.md is what `npm run docs:servers` generates", () => {
  const document = readFileSync(new URL("../../docs/what-servers-send.md", import.meta.url), "utf8");
  expect(document).toBe(serversDocument());
});
