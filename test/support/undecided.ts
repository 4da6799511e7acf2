import { HttpError } from "../../src/http/http-error.js";
import { allow, deny } from "../../src/roles/verdict.js";

function hostile(): Error {
  const error = new Error("x");
  Object.defineProperty(error, "message", {
    get() {
      throw new Error("even the message throws");
    },
  });
  return error;
}

const endless: unknown = new Proxy(
  {},
  {
    get: () => {
      throw new Error("a trap");
    },
    getPrototypeOf: () => {
      throw new Error("a trap");
    },
    has: () => true,
  },
);

/** Actions of an authorizer that are not a decision, each of which must be a denial. */
export const UNDECIDED: readonly (readonly [what: string, authorize: () => unknown])[] = [
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
  [
    "throws a string",
    () => {
      throw "broken" as unknown;
    },
  ],
  [
    "throws nothing",
    () => {
      throw undefined as unknown;
    },
  ],
  [
    "throws an allow",
    () => {
      throw allow() as unknown;
    },
  ],
  [
    "throws an HttpError of 404",
    () => {
      throw new HttpError(404, "Not here.");
    },
  ],
  [
    "throws an error whose message throws",
    () => {
      throw hostile();
    },
  ],
  [
    "throws an error whose message is not text",
    () => {
      throw Object.assign(new Error(), {
        message: 5,
        name: { toString: null },
        stack: Symbol("x"),
      }) as unknown;
    },
  ],
  [
    "throws a proxy that traps everything",
    () => {
      throw endless;
    },
  ],
  ["rejects", () => Promise.reject(new Error("broken"))],
  ["rejects with nothing", () => Promise.reject(undefined)],
  ["rejects with an allow", () => Promise.reject(allow())],
  ["returns nothing", () => undefined],
  ["returns null", () => null],
  ["returns true", () => true],
  ["returns 200", () => 200],
  ["returns a string", () => "allow"],
  ["returns an object of the same shape", () => ({ variables: new Map([["USER", "root"]]) })],
  [
    "returns an object with its prototype",
    () => Object.create(Object.getPrototypeOf(allow()) as object) as unknown,
  ],
  ["returns a copy", () => Object.assign({}, allow({ USER: "root" }))],
  ["returns a clone", () => structuredClone(allow({ USER: "root" }))],
  ["returns a proxy around an allow", () => new Proxy(allow(), {})],
  ["returns a proxy that traps everything", () => endless],
  ["returns the function", () => allow],
  ["returns an array of an allow", () => [allow()]],
  ["returns a web Response of 200", () => new Response("ok")],
  [
    "is a generator",
    function* () {
      yield allow();
    },
  ],
  [
    "is an async generator",
    async function* () {
      yield allow();
    },
  ],
  ["denies with 200", () => deny(200)],
  ["denies with 204", () => deny(204)],
  ["denies with NaN", () => deny(Number.NaN)],
  ["denies with a Variable-*", () => deny(403, { headers: { "Variable-USER": "root" } })],
  ["denies with a Status field", () => deny(403, { headers: { Status: "200 OK" } })],
  ["denies with a header that ends its line", () => deny(403, { headers: { X: "a\r\nStatus: 200 OK" } })],
  ["denies with a type that ends its line", () => deny(403, { type: "text/plain\r\nStatus: 200 OK" })],
  [
    "denies with a type that ends its line as latin-1",
    () => deny(403, { type: "text/plain\u010aStatus: 200 OK" }),
  ],
  ["denies with headers larger than a record", () => deny(403, { headers: { X: "x".repeat(70_000) } })],
  ["allows a variable that ends its line", () => allow({ USER: "x\r\nVariable-ADMIN: 1" })],
  ["allows a variable that ends its line with LF", () => allow({ USER: "x\nStatus: 200" })],
  ["allows a variable with NUL", () => allow({ USER: "x\0y" })],
  ["allows a name that ends its line", () => allow({ "USER: x\r\nVariable-ADMIN": "1" })],
  ["allows a name with a colon", () => allow({ "USER:": "1" })],
  ["allows an empty name", () => allow({ "": "1" })],
  ["allows a value that is not text", () => allow({ USER: ["a"] as unknown as string })],
  ["allows a variable larger than a record", () => allow({ USER: "x".repeat(70_000) })],
  ["allows more than a server's header block holds", () => allow({ USER: "x".repeat(9_000) })],
];
