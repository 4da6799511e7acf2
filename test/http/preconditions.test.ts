import { describe, expect, test } from "vitest";

import { Params } from "../../src/protocol/params.js";
import { formatHttpDate, parseHttpDate } from "../../src/http/http-date.js";
import { evaluatePreconditions } from "../../src/http/preconditions.js";
import { RequestHeaders } from "../../src/http/request-headers.js";

const AT = 784_111_777;
const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER = "Sun, 06 Nov 1994 08:49:38 GMT";

describe("RFC 9110, section 5.6.7: a date", () => {
  test.each([
    ["as an IMF-fixdate", DATE],
    ["as RFC 850 wrote it", "Sunday, 06-Nov-94 08:49:37 GMT"],
    ["as asctime writes it", "Sun Nov  6 08:49:37 1994"],
  ])("%s is read", (_form, text) => {
    expect(parseHttpDate(text)).toBe(AT);
  });

  test("is formatted in the preferred form", () => {
    expect(formatHttpDate(AT)).toBe(DATE);
  });

  test.each([
    [""],
    ["never"],
    ["1994"],
    ["1994-11-06T08:49:37Z"],
    ["Sun, 6 Nov 1994 08:49:37 GMT"],
    ["Sun, 06 Nov 1994 08:49:37 CET"],
    ["Sun, 06 Nov 1994 08:49:37 GMT; length=4"],
    ["Sun, 99 Nov 1994 08:49:37 GMT"],
    [String(AT)],
  ])("of another form is invalid: %j", (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });
});

describe("RFC 9110, section 13.2.2: preconditions", () => {
  const strong = { etag: '"v1"', lastModified: AT };
  const weak = { etag: 'W/"v1"', lastModified: AT };
  const unknown = { etag: undefined, lastModified: undefined };

  test.each<[string, Record<string, string>, typeof strong | typeof unknown]>([
    ["proceed", {}, strong],
    ["not modified", { IF_NONE_MATCH: '"v1"' }, strong],
    ["not modified", { IF_NONE_MATCH: 'W/"v1"' }, strong],
    ["not modified", { IF_NONE_MATCH: '"v1"' }, weak],
    ["not modified", { IF_NONE_MATCH: '"v0", W/"x,y" , "v1"' }, strong],
    ["not modified", { IF_NONE_MATCH: "*" }, strong],
    ["not modified", { IF_NONE_MATCH: " * " }, strong],
    ["proceed", { IF_NONE_MATCH: '"v0"' }, strong],
    ["proceed", { IF_NONE_MATCH: "v1" }, strong],
    ["proceed", { IF_NONE_MATCH: '"xv1"' }, strong],
    ["proceed", { IF_NONE_MATCH: '"v1"' }, unknown],
    ["not modified", { IF_MODIFIED_SINCE: DATE }, strong],
    ["not modified", { IF_MODIFIED_SINCE: LATER }, strong],
    ["proceed", { IF_MODIFIED_SINCE: EARLIER }, strong],
    ["proceed", { IF_MODIFIED_SINCE: "1994-12-01" }, strong],
    ["proceed", { IF_MODIFIED_SINCE: DATE }, unknown],
    // If-None-Match takes precedence if both are present.
    ["proceed", { IF_NONE_MATCH: '"v0"', IF_MODIFIED_SINCE: LATER }, strong],
    ["not modified", { IF_NONE_MATCH: '"v1"', IF_MODIFIED_SINCE: EARLIER }, strong],
    // Empty, as nginx sends a variable that has no value.
    ["not modified", { IF_NONE_MATCH: "", IF_MODIFIED_SINCE: DATE }, strong],
    ["proceed", { IF_MATCH: '"v1"' }, strong],
    ["proceed", { IF_MATCH: '"v0", "v1"' }, strong],
    ["proceed", { IF_MATCH: "*" }, strong],
    ["failed", { IF_MATCH: '"v0"' }, strong],
    ["failed", { IF_MATCH: '"v1"' }, weak],
    ["failed", { IF_MATCH: 'W/"v1"' }, weak],
    ["failed", { IF_MATCH: 'W/"v1"' }, strong],
    ["failed", { IF_MATCH: '"v1"' }, unknown],
    ["proceed", { IF_UNMODIFIED_SINCE: DATE }, strong],
    ["proceed", { IF_UNMODIFIED_SINCE: LATER }, strong],
    ["failed", { IF_UNMODIFIED_SINCE: EARLIER }, strong],
    ["proceed", { IF_UNMODIFIED_SINCE: "never" }, strong],
    ["proceed", { IF_UNMODIFIED_SINCE: EARLIER }, unknown],
    // If-Match takes precedence if both are present.
    ["proceed", { IF_MATCH: '"v1"', IF_UNMODIFIED_SINCE: EARLIER }, strong],
    // Preconditions that must hold are checked before those that avoid the answer.
    ["failed", { IF_MATCH: '"v0"', IF_NONE_MATCH: '"v1"' }, strong],
    ["not modified", { IF_MATCH: '"v1"', IF_NONE_MATCH: '"v1"' }, strong],
  ])("are %s for %j", (outcome, fields, facts) => {
    const params = Params.from(Object.entries(fields).map(([name, value]) => [`HTTP_${name}`, value]));
    expect(evaluatePreconditions(new RequestHeaders(params), facts)).toBe(outcome);
  });
});
