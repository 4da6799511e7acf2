import { expect, test } from "vitest";

import { reply } from "../../src/roles/reply.js";

/** A `Response` of a library, whose header fields join repeated values when they are iterated. */
function libraryResponse(cookies: object): Response {
  const headers = {
    *[Symbol.iterator]() {
      yield ["content-type", "text/plain"];
      yield ["set-cookie", "a=1, b=2"];
    },
    ...cookies,
  };
  const prototype = { [Symbol.toStringTag]: "Response" };
  return Object.assign(Object.create(prototype), {
    status: 201,
    bodyUsed: false,
    body: "x",
    headers,
  }) as Response;
}

test.each([
  ["getSetCookie() of undici", { getSetCookie: () => ["a=1", "b=2"] }],
  ["raw() of node-fetch", { raw: () => ({ "set-cookie": ["a=1", "b=2"] }) }],
])("a reply of a library's Response has one field for each cookie of %s", (_name, cookies) => {
  const { status, headers, body } = reply(libraryResponse(cookies));
  expect({ status, body, fields: [...headers] }).toEqual({
    status: 201,
    body: "x",
    fields: [
      ["content-type", "text/plain"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
  });
});
