// Writes docs/conformance.md: `npm run docs:conformance`, which loads TypeScript.
import { writeFileSync } from "node:fs";

import { conformanceDocument } from "../test/conformance/document.ts";

writeFileSync(new URL("../docs/conformance.md", import.meta.url), conformanceDocument());
