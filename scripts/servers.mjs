// Writes docs/what-servers-send.md: `npm run docs:servers`, which loads TypeScript for it.
import { writeFileSync } from "node:fs";

import { serversDocument } from "../test/support/fixtures/document/servers-document.ts";

writeFileSync(new URL("../docs/what-servers-send.md", import.meta.url), serversDocument());
