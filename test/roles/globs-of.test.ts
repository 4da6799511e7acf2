import { expect, test } from "vitest";

import { createApplication } from "../../src/application.js";
import { allow } from "../../src/roles/verdict.js";

const authorize = () => allow();
// As JavaScript can pass it.
const text = "/members/**" as unknown as readonly string[];

test.each([
  { kind: "authorizer" as const, name: "Gate", paths: text, authorize },
  { kind: "filter" as const, name: "Upper", paths: text, filter: () => "" },
])("a definition of $kind whose paths are one text is refused with the cure", (definition) => {
  expect(() => createApplication({ controllers: [], definitions: [definition] })).toThrow(
    expect.objectContaining({
      code: "ERR_CONTROLLER",
      message: `Cannot compile ${definition.name}: its paths are not a list of globs; write paths: ["/members/**"]`,
    }),
  );
});
