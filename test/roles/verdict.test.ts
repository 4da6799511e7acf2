import { describe, expect, test } from "vitest";

import { Allow, Deny, allow, challenge, deny, redirect } from "../../src/roles/verdict.js";

describe("allow", () => {
  test("carries its variables", () => {
    expect([...allow({ USER: " alice ", _x1: "" }).variables]).toEqual([
      ["USER", "alice"],
      ["_x1", ""],
    ]);
    expect(allow().variables.size).toBe(0);
  });

  test.each(["", "A B", "A-B", "A:B", "1A", "A\n", "é", "A="])("refuses the name %j", (name) => {
    expect(() => allow({ [name]: "x" })).toThrow(expect.objectContaining({ code: "ERR_RESPONSE_HEADER" }));
  });

  test.each(["a\nb", "a\rb", "a\0b", "\x1b"])("refuses the value %j", (value) => {
    expect(() => allow({ A: value })).toThrow(expect.objectContaining({ code: "ERR_RESPONSE_HEADER" }));
  });

  test.each([undefined, null, 1, {}, [], Symbol("x")])("refuses the value %s, which is not text", (value) => {
    expect(() => allow({ A: value as string })).toThrow(
      expect.objectContaining({ code: "ERR_RESPONSE_HEADER" }),
    );
  });

  test("is recognized by its brand only", () => {
    const real = allow({ A: "b" });
    expect(Allow.is(real)).toBe(true);
    for (const forged of [
      Object.assign({}, real),
      Object.create(real),
      Object.create(Allow.prototype),
      new Proxy(real, {}),
      deny(),
      null,
      1,
    ]) {
      expect(Allow.is(forged)).toBe(false);
    }
  });
});

describe("deny", () => {
  test("is 403 with its reason phrase by default", () => {
    expect(deny()).toMatchObject({ status: 403, body: "Forbidden\n", type: "text/plain; charset=utf-8" });
    expect(deny(418, { body: "", type: "text/html" })).toMatchObject({
      status: 418,
      body: "",
      type: "text/html",
    });
  });

  test.each([0, 100, 103, 199, 200, 204, 299, 600, 401.5, Number.NaN, "403" as unknown as number])(
    "refuses status %s, which a server could treat as allowed",
    (status) => {
      expect(() => deny(status)).toThrow(RangeError);
    },
  );

  test.each(["Variable-USER", "variable-x", "Content-Length", "Status", "Transfer-Encoding"])(
    "refuses %s",
    (name) => {
      expect(() => deny(403, { headers: { [name]: "1" } })).toThrow(
        expect.objectContaining({ code: "ERR_RESPONSE_HEADER" }),
      );
    },
  );

  test("its status cannot be changed afterwards", () => {
    const denial = deny(403);
    expect(() => Object.assign(denial, { status: 200 })).toThrow(TypeError);
    expect(denial.status).toBe(403);
    expect(Deny.is(denial)).toBe(true);
    expect(Deny.is(Object.create(Deny.prototype))).toBe(false);
  });

  test("has the reason phrase of its status as body, also from shorthands", () => {
    expect(challenge("Basic")).toMatchObject({ body: "Unauthorized\n", type: "text/plain; charset=utf-8" });
    expect(redirect("/")).toMatchObject({ body: "Found\n", type: "text/plain; charset=utf-8" });
    expect(deny(599).body).toBe("Denied\n");
  });

  test("has shorthands for challenges and redirects", () => {
    expect(challenge("Bearer")).toMatchObject({ status: 401 });
    expect(challenge("Bearer").headers.get("www-authenticate")).toBe("Bearer");
    expect(challenge("Basic", { realm: 'a "b" \\', charset: "UTF-8" }).headers.get("www-authenticate")).toBe(
      String.raw`Basic realm="a \"b\" \\", charset="UTF-8"`,
    );
    expect(() => challenge("Basic", { realm: "a\nb" })).toThrow(
      expect.objectContaining({ code: "ERR_RESPONSE_HEADER" }),
    );
    expect(redirect("/login").headers.get("location")).toBe("/login");
    expect(redirect("/login", 307).status).toBe(307);
    expect(() => redirect("/x\r\nSet-Cookie: a")).toThrow(
      expect.objectContaining({ code: "ERR_RESPONSE_HEADER" }),
    );
  });
});

describe("allow and the variables of the Web server", () => {
  test.each(["REMOTE_ADDR", "SCRIPT_FILENAME", "HTTP_HOST", "path_info", "FCGI_ROLE", "LD_PRELOAD", "HTTPS"])(
    "does not replace %s unless declared",
    (name) => {
      expect(() => allow({ [name]: "x" })).toThrow("the Web server sets it");
      expect(allow({ [name]: "x" }, { replaces: [name] }).variables.get(name)).toBe("x");
    },
  );

  test.each(["REMOTE_USER", "AUTH_TYPE", "AUTH_USER", "MEMBER_NAME", "PATHOLOGY", "HTTPSTATUS"])(
    "passes on %s",
    (name) => {
      expect(allow({ [name]: "x" }).variables.get(name)).toBe("x");
    },
  );
});
