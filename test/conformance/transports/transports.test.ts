// The same cases in the three roles over each transport: what is tested without a socket holds behind a Web server.
import { describe, expect, test } from "vitest";

import { INTERNAL_ERROR } from "../../support/answer.js";
import { open, transports, type Call, type Seen } from "./transports.js";

interface Case extends Omit<Call, "role"> {
  readonly name: string;
  readonly status: number | readonly number[];
  /** Fields that the answer has; null for one that it has not. */
  readonly fields?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly text?: string | RegExp;
  readonly json?: unknown;
  /** False if the answer must be visibly incomplete. */
  readonly whole?: boolean;
  /** Differences inherent in the gateway: after an authorizer it asks the responder, for example. */
  readonly gateway?: Partial<Omit<Case, keyof Call | "name">>;
}

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const problem = { "content-type": "application/problem+json" };

const boundary = "everywhere";
const cover = Buffer.concat([
  Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="cover"; filename="emma.png"\r\n`),
  Buffer.from("Content-Type: image/png\r\n\r\n"),
  Buffer.alloc(300_000, 7),
  Buffer.from(`\r\n--${boundary}--\r\n`),
]);
const large = Buffer.alloc(1_000_000, "0123456789");

const responders: readonly Case[] = [
  {
    name: "an object is JSON",
    target: "/books/1",
    status: 200,
    fields: { "content-type": "application/json; charset=utf-8" },
    json: { id: 1, title: "Emma" },
  },
  {
    name: "a repeated name in the query is a list",
    target: "/books?tag=a&tag=b%20c",
    status: 200,
    json: { tags: ["a", "b c"] },
  },
  { name: "a reply sets its status", target: "/books/2", status: 404, text: "No such book" },
  { name: "nothing is 204", target: "/empty", status: 204, text: "" },
  {
    name: "fields are sent as they are, repeated ones too",
    target: "/headers",
    status: 200,
    fields: {
      "content-type": "text/html; charset=utf-8",
      "set-cookie": ["a=1", "b=2"],
      "cache-control": "no-store",
      status: null,
    },
    text: "<p>",
  },
  {
    name: "a path that does not fit its schema is 400",
    target: "/books/emma",
    status: 400,
    fields: problem,
    text: /"errors":\[\{"in":"path","path":\["id"\]/,
  },
  {
    name: "a body that does not fit its schema is 400 and is not echoed",
    target: "/books",
    method: "POST",
    headers: json,
    body: '{"title":"","year":"hunter2"}',
    status: 400,
    fields: problem,
    text: /^(?=.*"path":\["title"\])(?=.*"path":\["year"\])(?!.*hunter2)/s,
  },
  {
    name: "invalid JSON is 400",
    target: "/books",
    method: "POST",
    headers: json,
    body: "{",
    status: 400,
    text: /ERR_BODY_JSON/,
  },
  {
    name: "a body of another type is 415",
    target: "/books",
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: "a,b",
    status: 415,
  },
  {
    name: "a JSON body is taken",
    target: "/books",
    method: "POST",
    headers: json,
    body: JSON.stringify({ title: "Émile", year: 1762 }),
    status: 201,
    json: { title: "Émile", year: 1762 },
  },
  {
    name: "a form is taken",
    target: "/books",
    method: "POST",
    headers: form,
    body: "title=%C3%89mile+2&year=1762",
    status: 201,
    json: { title: "Émile 2", year: 1762 },
  },
  {
    name: "an upload is taken",
    target: "/books/1/cover",
    method: "PUT",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: cover,
    status: 200,
    json: ["1 cover emma.png image/png 300000"],
  },
  {
    name: "an upload that is cut short is 400",
    target: "/books/1/cover",
    method: "PUT",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: cover.subarray(0, 200_000),
    status: 400,
    text: /ERR_BODY_MULTIPART/,
  },
  {
    name: "a body comes back as a stream",
    target: "/echo",
    method: "POST",
    body: large,
    status: 200,
    text: large.toString(),
  },
  {
    name: "a stream is sent whole",
    target: "/stream?lines=20000",
    status: 200,
    fields: { "content-type": "text/csv; charset=utf-8" },
    text: /^0,é\n1,é\n(?:.*\n){19997}19999,é\n$/,
  },
  {
    name: "HEAD has the fields of GET and no body",
    target: "/books/1",
    method: "HEAD",
    status: 200,
    fields: { "content-type": "application/json; charset=utf-8", "content-length": "23" },
    text: "",
  },
  {
    name: "HEAD of a stream reads nothing of it",
    target: "/stream?lines=20000",
    method: "HEAD",
    status: 200,
    text: "",
  },
  { name: "a path without a route is 404", target: "/nowhere", status: 404 },
  {
    name: "a route without this method is 405 with those that it has",
    target: "/books/1",
    method: "DELETE",
    status: 405,
    fields: { allow: "GET, HEAD, OPTIONS" },
  },
  {
    name: "OPTIONS lists the methods",
    target: "/books",
    method: "OPTIONS",
    status: 204,
    fields: { allow: "GET, HEAD, OPTIONS, POST" },
    text: "",
  },
  { name: "an HttpError is sent", target: "/gone", status: 410, fields: problem, text: /ERR_GONE/ },
  { name: "any other error is a plain 500", target: "/broken", status: 500, text: INTERNAL_ERROR },
  {
    name: "an error behind the beginning breaks the answer off",
    target: "/broken-off",
    // Whether its beginning is seen before its end is a matter of time.
    status: [200, 0],
    text: /^(?:the beginning)?$/,
    whole: false,
  },
];

const authorizers: readonly Case[] = [
  {
    name: "allow is 200 and hands variables on",
    target: "/private/a",
    headers: { Authorization: "Bearer s3cret" },
    status: 200,
    // A header block is bytes; these are the UTF-8 of "Zoë".
    fields: { "variable-auth_user": Buffer.from("Zoë").toString("latin1") },
    text: "",
    gateway: { fields: { "variable-auth_user": null }, text: "AUTH_USER=Zoë" },
  },
  {
    name: "a challenge is 401",
    target: "/private/a",
    status: 401,
    fields: { "www-authenticate": 'Bearer realm="books"', "variable-auth_user": null },
    text: "Unauthorized\n",
  },
  {
    name: "deny sets status, fields and body",
    target: "/private/forbidden",
    status: 403,
    fields: { "content-type": "text/html", "x-reason": "age" },
    text: "<b>Members only</b>",
  },
  { name: "redirect is a denial", target: "/private/moved", status: 303, fields: { location: "/login" } },
  { name: "a throw is a denial", target: "/private/throw", status: 500, text: "Internal Server Error\n" },
  {
    name: "a rejection is a denial",
    target: "/private/reject",
    status: 500,
    text: "Internal Server Error\n",
  },
  { name: "nothing is a denial", target: "/private/nothing", status: 500, text: "Internal Server Error\n" },
  { name: "true is a denial", target: "/private/true", status: 500, text: "Internal Server Error\n" },
];

const filters: readonly Case[] = [
  {
    name: "a file is transformed",
    target: "/poem.txt",
    data: "one\ntwo\r\nvier ä",
    status: 200,
    fields: { "content-type": "text/plain; charset=utf-8" },
    text: "1 one\n2 two\n3 vier ä\n",
  },
  { name: "an empty file is one too", target: "/empty.txt", data: "", status: 200, text: "" },
  {
    name: "a large file is streamed",
    target: "/large.txt",
    data: "x\n".repeat(100_000),
    status: 200,
    text: /\n99999 x\n100000 x\n$/,
  },
  { name: "HEAD has no body", target: "/poem.txt", method: "HEAD", data: "one", status: 200, text: "" },
  {
    name: "a file that is read before the answer is whole",
    target: "/a.whole",
    data: large,
    status: 200,
    text: "1000000 bytes",
  },
  {
    name: "a file that is shorter than announced is never a short success",
    target: "/short.whole",
    data: "x",
    missing: 4_000_000,
    status: [500, 502],
    text: /^(?!.*bytes)/s,
  },
  {
    name: "an error is a plain 500",
    target: "/a.broken",
    data: "one",
    status: 500,
    text: INTERNAL_ERROR,
  },
];

const roles = { responder: responders, authorizer: authorizers, filter: filters } as const;

function check(seen: Seen, expected: Omit<Case, keyof Call | "name">): void {
  const { status, fields = {}, text, json: value, whole = true } = expected;
  expect([status].flat()).toContain(seen.status);
  expect(seen.whole).toBe(whole);
  for (const [name, content] of Object.entries(fields)) {
    expect([name, seen.headers.get(name)]).toEqual([name, content === null ? undefined : [content].flat()]);
  }
  if (typeof text === "string") expect(seen.text).toBe(text);
  else if (text !== undefined) expect(seen.text).toMatch(text);
  if (value !== undefined) expect(JSON.parse(seen.text)).toEqual(value);
  expect(seen.text).not.toContain("secret");
}

describe.each(Object.keys(transports))("%s", (way) => {
  for (const [role, cases] of Object.entries(roles) as [Call["role"], readonly Case[]][]) {
    test.each(cases.map((each) => [each.name, each] as const))(`${role}: %s`, async (_name, each) => {
      const { gateway, ...expected } = each;
      const send = await open(way);
      const answer = await send({ ...expected, role });
      check(answer, { ...expected, ...(way === "through the gateway" && gateway) });
    });
  }
});
