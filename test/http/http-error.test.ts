import { describe, expect, test } from "vitest";

import { TricornError } from "../../src/errors.js";
import { HttpError } from "../../src/http/http-error.js";

describe("HttpError", () => {
  test("becomes a problem of RFC 9457 with the status's own title", () => {
    const error = new HttpError(404, "There is no such book.");

    expect(error.toProblem()).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "There is no such book.",
    });
    expect(error).toBeInstanceOf(TricornError);
    expect(error).toMatchObject({ name: "HttpError", status: 404, code: "ERR_HTTP", fault: "remote" });
  });

  test("gives the client its code and its errors, but neither cause nor header fields", () => {
    const cause = new Error("password is hunter2");
    const errors = [{ in: "query", path: ["page"], message: "expected a number" }] as const;
    const error = new HttpError(400, "The query is wrong.", {
      code: "ERR_INPUT",
      errors,
      cause,
      headers: { "Retry-After": 5 },
    });

    expect(error.toProblem()).toEqual({
      type: "about:blank",
      title: "Bad Request",
      status: 400,
      detail: "The query is wrong.",
      code: "ERR_INPUT",
      errors,
    });
    expect(error.cause).toBe(cause);
    expect(error.headers).toEqual({ "Retry-After": 5 });
  });

  test("is a server error from 500 on", () => {
    expect(new HttpError(503, "Too busy.").fault).toBe("local");
    expect(new HttpError(499, "Gone.").fault).toBe("remote");
  });

  test.each([
    [499, "Bad Request"],
    [599, "Internal Server Error"],
  ])("titles the unknown status %i like the first of its class", (status, title) => {
    expect(new HttpError(status, "x").toProblem().title).toBe(title);
  });

  test.each([200, 399, 600, 404.5, Number.NaN])("refuses %d, which is not an error status", (status) => {
    expect(() => new HttpError(status, "x")).toThrow(RangeError);
  });
});
