import { inspect } from "node:util";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AuthorizerPhase, type AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import { parseBasic } from "../../src/http/credentials.js";
import { allow } from "../../src/roles/verdict.js";
import { askAsNginx, expectDenied, gate } from "../support/gates.js";
import { Authorizer, Responder, authorize, begin, get, params, stdin } from "../support/records.js";
import { responder, serveDefinitions, type ServedOptions } from "../support/served.js";

/** An authorizer's view of a request with these params. */
async function look<T>(
  params: Readonly<Record<string, string>>,
  find: (request: AuthorizerRequest) => T,
  options?: ServedOptions,
): Promise<T> {
  let found: { readonly value: T } | undefined;
  const { connect } = await serveDefinitions(
    [
      gate((request) => {
        found = { value: find(request) };
        return allow();
      }),
    ],
    options,
  );
  expect((await (await connect()).send(authorize(1, "/x", { params })).answer(1)).status).toBe(200);
  return found!.value;
}

const basic = (text: string | Buffer): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("the phase of an authorizer request", () => {
  test.each([
    ["AUTHENTICATOR", AuthorizerPhase.Authenticator],
    ["AUTHORIZER", AuthorizerPhase.Authorizer],
    ["ACCESS_CHECKER", AuthorizerPhase.AccessChecker],
    ["", undefined],
    ["authorizer", undefined],
    ["toString", undefined],
  ])("is read from FCGI_APACHE_ROLE: %j", async (told, phase) => {
    expect(await look({ FCGI_APACHE_ROLE: told }, (request) => request.phase)).toBe(phase);
  });

  test("is undefined without one, and cannot be set by a header field", async () => {
    expect(await look({ HTTP_FCGI_APACHE_ROLE: "AUTHORIZER" }, (request) => request.phase)).toBeUndefined();
  });
});

describe("the credentials of an authorizer request", () => {
  const read = async (params: Record<string, string>): Promise<[string, string] | undefined> =>
    look(params, ({ credentials }) => credentials && [credentials.user, credentials.password.reveal()]);

  test("are those that Apache provides, before those of the field", async () => {
    const params = { REMOTE_USER: "ada", REMOTE_PASSWD: "lovelace", HTTP_AUTHORIZATION: basic("bob:x") };
    expect(await read(params)).toEqual(["ada", "lovelace"]);
  });

  test("are those of the field if the server only copies the user from it, as nginx does", async () => {
    expect(await read({ REMOTE_USER: "", HTTP_AUTHORIZATION: basic("ada:lovelace") })).toEqual([
      "ada",
      "lovelace",
    ]);
    expect(await read({ REMOTE_USER: "bob", HTTP_AUTHORIZATION: basic("ada:lovelace") })).toEqual([
      "ada",
      "lovelace",
    ]);
  });

  test("are undefined without a password, even with a user", async () => {
    expect(await read({ REMOTE_USER: "ada" })).toBeUndefined();
    expect(await read({})).toBeUndefined();
  });

  test("are undefined if the server joined two fields", async () => {
    const found: unknown[] = [];
    const { connect } = await serveDefinitions([
      gate(({ credentials }) => {
        found.push(credentials);
        return allow();
      }),
    ]);
    const peer = await connect();
    const twice = `${basic("ada:lovelace")}, ${basic("bob:x")}`;
    await peer.send(authorize(1, "/x", { params: { HTTP_AUTHORIZATION: twice } })).answer(1);
    expect(found).toEqual([undefined]);
  });

  test("do not show the password", async () => {
    const shown = await look(
      { HTTP_AUTHORIZATION: basic("ada:lovelace") },
      ({ credentials }) => inspect(credentials) + JSON.stringify(credentials),
    );
    expect(shown).toContain("ada");
    expect(shown).not.toContain("lovelace");
  });
});

describe("repeated credentials", () => {
  const ada = { HTTP_AUTHORIZATION: basic("ada:lovelace"), REMOTE_USER: "ada", REMOTE_PASSWD: "lovelace" };
  const twice = (name: string, values: readonly string[], more: Readonly<Record<string, string>> = {}) => [
    ...Object.entries({ REQUEST_METHOD: "GET", REQUEST_URI: "/x", ...ada, ...more }).filter(
      ([other]) => other !== name,
    ),
    ...values.map((value) => [name, value] as const),
  ];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["REMOTE_PASSWD", ["guess", "lovelace"]],
    ["REMOTE_PASSWD", ["lovelace", "lovelace"]],
    ["REMOTE_USER", ["eve", "ada"]],
    ["HTTP_AUTHORIZATION", [basic("ada:lovelace"), basic("eve:x")]],
    ["REDIRECT_HTTP_AUTHORIZATION", [basic("ada:lovelace"), basic("eve:x")]],
    ["AUTH_TYPE", ["Bearer a", "Bearer b"]],
    ["HTTP_PROXY_AUTHORIZATION", [basic("ada:lovelace"), basic("eve:x")]],
    ["REDIRECT_REMOTE_USER", ["ada", "eve"]],
    ["REDIRECT_REMOTE_PASSWD", ["guess", "lovelace"]],
  ];
  /** Sends one request to an application whose authorizer allows everything. */
  const send = async (bytes: (id: number) => Buffer, options?: ServedOptions) => {
    const { connect, log } = await serveDefinitions(
      [gate(() => allow()), responder({ "GET /x": () => "inside" })],
      options,
    );
    return { answer: await (await connect()).send(bytes(1)).answer(1), log };
  };

  test.each(cases)("deny in the authorizer role: %s %j", async (name, values) => {
    const { answer, log } = await send((id) =>
      Buffer.concat([begin(id, Authorizer, { keep: true }), params(id, twice(name, values))]),
    );
    expectDenied(answer, 400);
    expect(log).toContainEqual(
      expect.objectContaining({
        code: "ERR_CREDENTIALS_REPEATED",
        msg: `Denied: ${name} was sent more than once`,
      }),
    );
  });

  test.each(cases)("deny in the process and over a bridge: %s %j", async (name, values) => {
    const asked = (more: Readonly<Record<string, string>>) => (id: number) =>
      Buffer.concat([begin(id, Responder, { keep: true }), params(id, twice(name, values, more)), stdin(id)]);
    const { answer } = await send(asked({}), {
      listener: { bridges: { authorizer: { inProcess: true } } },
    });
    expect([answer.status, answer.text.includes("inside")]).toEqual([400, false]);
    for (const form of ["auth_request", "forward_auth"]) {
      const question = { TRICORN_BRIDGE: form, TRICORN_URI: "/x", TRICORN_METHOD: "GET" };
      const bridged = await send(asked(question), { listener: { bridges: { authorizer: {} } } });
      expectDenied(bridged.answer, form === "auth_request" ? 403 : 400);
    }
  });

  test("may be a REMOTE_USER that nginx's configuration replaced, and other fields may be repeated", async () => {
    for (const [name, values, more] of [
      ["REMOTE_USER", ["eve", ""], { SERVER_SOFTWARE: "nginx/1.22.1" }],
      ["HTTP_COOKIE", ["a=1", "b=2"], {}],
      ["HTTP_ACCEPT", ["a/b", "c/d"], {}],
    ] as const) {
      const { answer } = await send((id) =>
        Buffer.concat([begin(id, Authorizer, { keep: true }), params(id, twice(name, values, more))]),
      );
      expect([name, answer.status]).toEqual([name, 200]);
    }
  });
});

describe("Authorization: Basic (RFC 7617)", () => {
  const parse = (field: string): [string, string] | undefined => {
    const credentials = parseBasic(field);
    return credentials && [credentials.user, credentials.password.reveal()];
  };

  test.each<[string, [string, string]]>([
    ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ["Aladdin", "open sesame"]],
    ["Basic dGVzdDoxMjPCow==", ["test", "123£"]],
    ["basic dGVzdDoxMjPCow==", ["test", "123£"]],
    ["BASIC   dGVzdDoxMjPCow", ["test", "123£"]],
    [basic("ada:a:b:"), ["ada", "a:b:"]],
    [basic(":"), ["", ""]],
    [basic("ada:"), ["ada", ""]],
    [basic(":x"), ["", "x"]],
    [basic("a b:\u{1F512}"), ["a b", "\u{1F512}"]],
  ])("%s", (field, credentials) => {
    expect(parse(field)).toEqual(credentials);
  });

  test.each([
    "",
    "Basic",
    "Basic ",
    "Basic =",
    "Basic ====",
    "Basic !!!",
    "Basic QQ===",
    "Basic YTpi YTpi",
    "Basic YTpi,Basic YTpi",
    "Basic YTpiX",
    "Basic YT-_",
    "BasicYTpi",
    " Basic YTpi",
    "Basic YTpi\n",
    "Bearer YTpi",
    "Digest YTpi",
    basic("no colon"),
    basic("a\nb:c"),
    basic("a:b\0"),
    basic("a:b\x7f"),
    basic(Buffer.from("613ae9", "hex")),
    basic(Buffer.from("613ac0af", "hex")),
  ])("%j is malformed, and yields undefined", (field) => {
    expect(parse(field)).toBeUndefined();
  });

  test("reads back anything it can contain", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !/[\x00-\x1f\x7f]/.test(value));
    fc.assert(
      fc.property(
        text.filter((user) => !user.includes(":")),
        text,
        (user, password) => {
          expect(parse(basic(`${user}:${password}`))).toEqual([user, password]);
        },
      ),
    );
  });

  test("takes no longer for a long field than for others", () => {
    const before = process.cpuUsage();
    parse(`Basic ${"A".repeat(128 * 1024)}!`);
    parse(`Basic ${" ".repeat(128 * 1024)}!`);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});

describe("the user of a request", () => {
  const vouched = (...vouchesFor: string[]): ServedOptions => ({ listener: { vouchesFor } });
  const user = ({ user }: AuthorizerRequest): string | undefined => user;

  test("is undefined if the listener trusts no variable", async () => {
    expect(await look({ REMOTE_USER: "ada", AUTH_USER: "ada" }, user)).toBeUndefined();
  });

  test("is the first trusted variable that is present and not empty", async () => {
    const options = vouched("AUTH_USER", "SSL_CLIENT_S_DN", "REMOTE_USER");
    expect(await look({ REMOTE_USER: "c", SSL_CLIENT_S_DN: "b", AUTH_USER: "a" }, user, options)).toBe("a");
    expect(await look({ REMOTE_USER: "c", SSL_CLIENT_S_DN: "b", AUTH_USER: "" }, user, options)).toBe("b");
    expect(await look({ REMOTE_USER: "c" }, user, options)).toBe("c");
    expect(await look({ HTTP_REMOTE_USER: "c", HTTP_AUTH_USER: "c" }, user, options)).toBeUndefined();
  });

  test("is the last one if a server's stock file sets the variable before", async () => {
    const { connect } = await serveDefinitions(
      [responder({ "GET /": (request) => request.user ?? "nobody" })],
      vouched("REMOTE_USER"),
    );
    const peer = await connect();
    expect((await peer.send(get(1, "/", { params: { REMOTE_USER: "zoë" } })).answer(1)).text).toBe("zoë");
    expect((await peer.send(get(1, "/")).answer(1)).text).toBe("nobody");
  });

  test("is REMOTE_USER in Apache's AUTHORIZER phase, which follows its own authentication", async () => {
    const params = { REMOTE_USER: "ada", FCGI_APACHE_ROLE: "AUTHORIZER" };
    expect(await look(params, user)).toBe("ada");
    expect(await look({ ...params, REMOTE_USER: "" }, user)).toBeUndefined();
    expect(await look({ ...params, AUTH_USER: "bob" }, user, vouched("AUTH_USER"))).toBe("bob");
    for (const phase of ["AUTHENTICATOR", "ACCESS_CHECKER", ""]) {
      expect(await look({ ...params, FCGI_APACHE_ROLE: phase }, user)).toBeUndefined();
    }
  });

  test("is undefined in a question through a bridge", async () => {
    let seen: unknown = "not asked";
    const { connect } = await serveDefinitions([
      gate((request) => {
        seen = request.user;
        return allow();
      }),
    ]);
    await (await connect()).send(askAsNginx(1, "/x", { params: { REMOTE_USER: "root" } })).answer(1);
    expect(seen).toBeUndefined();
  });
});
