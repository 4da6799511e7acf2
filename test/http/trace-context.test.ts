import { expect, test } from "vitest";

import { parseTraceparent } from "../../src/http/trace-context.js";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

test.each([
  [`00-${traceId}-${parentId}-01`, true],
  [`00-${traceId}-${parentId}-00`, false],
  [`00-${traceId}-${parentId}-03`, true],
  // A later version may have more parts.
  [`cc-${traceId}-${parentId}-01-what-the-future-brings`, true],
])("%s is read", (traceparent, isSampled) => {
  expect(parseTraceparent(traceparent)).toEqual({ traceId, parentId, isSampled, traceparent });
});

test.each([
  undefined,
  "",
  `00-${traceId}-${parentId}`,
  `00-${traceId}-${parentId}-01-more`,
  `ff-${traceId}-${parentId}-01`,
  `00-${"0".repeat(32)}-${parentId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${parentId}-01`,
  ` 00-${traceId}-${parentId}-01`,
  `00-${traceId}-${parentId}-01\n`,
  `cc-${traceId}-${parentId}-01-${"x".repeat(500)}`,
  // A client's; Headers would throw when it is passed on.
  `cc-${traceId}-${parentId}-01-\0`,
  `cc-${traceId}-${parentId}-01-\u{1f600}`,
])("%j begins a new trace", (traceparent) => {
  expect(parseTraceparent(traceparent)).toBeUndefined();
});
