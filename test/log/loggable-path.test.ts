import { expect, test } from "vitest";

import { loggablePath } from "../../src/log/loggable-path.js";

test.each([
  ["/books/1?token=abc", "/books/1"],
  ["/books/1", "/books/1"],
  ["/books;jsessionid=abc/1;page=2?x", "/books;jsessionid=[redacted]/1;page=2"],
  ["/;Token=abc;sid=1", "/;Token=[redacted];sid=[redacted]"],
  ["http://ada:love@host/books?x", "http://host/books"],
  ["http://ada@love@host", "http://host"],
  ["//ada@host/a@b", "//ada@host/a@b"],
  ["*", "*"],
  ["", ""],
])("of %s a log shows %s", (target, shown) => {
  expect(loggablePath(target)).toBe(shown);
});
