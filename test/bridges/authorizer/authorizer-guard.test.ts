import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { AuthorizerDefinition } from "../../../src/roles/definitions.js";
import type { AuthorizerRequest } from "../../../src/roles/authorizer-request.js";
import { allow, challenge, deny, redirect, type Verdict } from "../../../src/roles/verdict.js";
import { askAsNginx, expectDenied, gate } from "../../support/gates.js";
import {
  Type,
  abort,
  begin,
  filter,
  get,
  params,
  post,
  record,
  stdin,
  variablesOf,
} from "../../support/records.js";
import { deferred, responder, serveDefinitions, turns, type ServedOptions } from "../../support/served.js";
import { UNDECIDED } from "../../support/undecided.js";

const inProcess = { bridges: { authorizer: { inProcess: true } } } as const;

/** Echoes its input, so that a leak is visible. */
const SECRET = "for members";
const page = responder({
  "GET /members/:name": () => SECRET,
  "POST /members/:name": ({ body }) => body.text(),
  "GET /members/seen": ({ params, user }) => ({ params: params.toObject(), user }),
  "GET /hello": () => "hello",
});

function guarded(
  gates: readonly AuthorizerDefinition[],
  { listener, ...options }: ServedOptions = {},
): ReturnType<typeof serveDefinitions> {
  return serveDefinitions([...gates, page], { ...options, listener: { ...inProcess, ...listener } });
}

interface Seen {
  readonly params: Readonly<Record<string, string>>;
  readonly user?: string;
}

describe("authorizers in this process", () => {
  test("let a request pass if all that match allow it, with its body and its params", async () => {
    const { connect } = await guarded([
      gate(() => allow(), "/members/**"),
      gate(({ headers }) => (headers.get("x-also") === "yes" ? allow() : deny()), "/members/x"),
    ]);
    const peer = await connect();
    const body = "y".repeat(100_000);
    expect((await peer.send(post(1, "/members/y", body)).answer(1)).text).toBe(body);
    expectDenied(await peer.send(get(1, "/members/x")).answer(1), 403);
    const also = get(1, "/members/x", { params: { HTTP_X_ALSO: "yes" } });
    expect((await peer.send(also).answer(1)).text).toBe(SECRET);
  });

  test("are not asked about a path that none covers, which is answered", async () => {
    const { connect } = await guarded([gate(() => deny(), "/members/**")]);
    const peer = await connect();
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    expect((await peer.send(get(1, "/nothing")).answer(1)).status).toBe(404);
  });

  test("are asked like the authorizer role: section 6.3 omits what describes the body", async () => {
    const seen: Record<string, unknown>[] = [];
    const { connect, log } = await guarded([
      gate((request: AuthorizerRequest) => {
        const { method, target, path, mount, queryString, exchange } = request;
        seen.push({ method, target, path, mount, queryString, role: exchange.role });
        seen.push(request.params.toObject());
        request.log.info("asked");
        return allow();
      }),
    ]);
    const peer = await connect();
    const facts = {
      SCRIPT_NAME: "",
      PATH_INFO: "/members/y",
      PATH_TRANSLATED: "/srv/y",
      QUERY_STRING: "a=1",
    };
    expect((await peer.send(post(1, "/members/y?a=1", "body", { params: facts })).answer(1)).text).toBe(
      "body",
    );

    expect(seen[0]).toEqual({
      method: "POST",
      target: "/members/y?a=1",
      path: "/members/y",
      mount: "",
      queryString: "a=1",
      role: 2,
    });
    expect(seen[1]).toEqual({
      REQUEST_METHOD: "POST",
      REQUEST_URI: "/members/y?a=1",
      SERVER_PROTOCOL: "HTTP/1.1",
      QUERY_STRING: "a=1",
    });
    expect(log.find(({ msg }) => msg === "asked")).toMatchObject({ role: "authorizer", route: "Gate" });
  });

  test("see a target if the Web server sends no REQUEST_URI", async () => {
    const { connect } = await guarded([gate(({ target }) => deny(403, { body: target }))]);
    const peer = await connect();
    peer.send(
      begin(1),
      params(1, { REQUEST_METHOD: "GET", SCRIPT_NAME: "/members", PATH_INFO: "/a b", QUERY_STRING: "x=1" }),
      stdin(1),
    );
    expect((await peer.answer(1)).text).toBe("/members/a%20b?x=1");
  });

  test.each([
    ["challenge", () => challenge("Basic", { realm: "x" }), 401, "WWW-Authenticate", 'Basic realm="x"'],
    ["redirect", () => redirect("/log-in", 303), 303, "Location", "/log-in"],
    ["a page", () => deny(410, { body: "<p>", type: "text/html" }), 410, "Content-Type", "text/html"],
    ["fields", () => deny(429, { headers: { "Retry-After": 7 } }), 429, "Retry-After", "7"],
  ])("deny with an unchanged answer: %s", async (_what, decide, status, name, value) => {
    const { connect } = await guarded([gate(decide)]);
    const peer = await connect();
    const answer = await peer.send(get(1, "/members/x")).answer(1);
    expectDenied(answer, status);
    expect(answer.header(name)).toBe(value);
    expect(answer.header("Content-Length")).toBe(String(answer.body.length));
  });

  test("deny a HEAD, and with 304, without a body", async () => {
    const { connect } = await guarded([
      gate(({ query }) => deny(Number(query.get("status")), { body: "no" })),
    ]);
    const peer = await connect();
    const head = get(1, "/members/x?status=403", { params: { REQUEST_METHOD: "HEAD" } });
    const answer = await peer.send(head).answer(1);
    expectDenied(answer, 403);
    expect([answer.text, answer.header("Content-Length")]).toEqual(["", "2"]);
    const unchanged = await peer.send(get(1, "/members/x?status=304")).answer(1);
    expectDenied(unchanged, 304);
    expect([unchanged.text, unchanged.header("Content-Length")]).toEqual(["", undefined]);
  });

  test("cannot add to a denial after it was created", async () => {
    const { connect } = await guarded([
      gate(() => {
        const denial = deny(403);
        denial.headers.set("Variable-AUTH_USER", "root").set("Content-Length", "999");
        return denial;
      }),
    ]);
    const answer = await (await connect()).send(get(1, "/members/x")).answer(1);
    expectDenied(answer, 403);
    expect(answer.header("Content-Length")).toBe("10");
  });

  // Values that only a header block cannot carry are passed on here.
  test.each(UNDECIDED.filter(([what]) => !/larger than a record$|header block holds/.test(what)))(
    "deny if one %s",
    async (_what, decide) => {
      const { connect } = await guarded([gate(decide, "/members/**")]);
      const peer = await connect();
      const answer = await peer.send(get(1, "/members/x")).answer(1);
      expectDenied(answer);
      expect(answer.text).not.toContain(SECRET);
      expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    },
  );

  test("deny with 500 if the denial cannot be sent", async () => {
    const { connect } = await guarded([gate(() => deny(403, { headers: { X: "x".repeat(70_000) } }))]);
    expectDenied(await (await connect()).send(get(1, "/members/x")).answer(1), 500);
  });

  test("have the time limit of authorizers; later decisions are ignored", async () => {
    let decide!: (verdict: Verdict) => void;
    const { connect } = await guarded(
      [gate(() => new Promise<Verdict>((resolve) => (decide = resolve)), "/members/**")],
      { dispatcher: { timeouts: { authorizer: 1, handler: 60_000 } } },
    );
    const peer = await connect();
    const answer = await peer.send(get(1, "/members/x")).answer(1);
    expectDenied(answer, 504);
    decide(allow());
    await turns();
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    expect(peer.pending.filter(({ type }) => type === Type.end)).toHaveLength(2);
  });

  test("leave the handler its full time", async () => {
    const { connect } = await guarded([gate(() => allow())], {
      dispatcher: { timeouts: { authorizer: 60_000, handler: 1 } },
    });
    const peer = await connect();
    peer.send(begin(1), params(1, variablesOf("/members/x", { REQUEST_METHOD: "POST" })));
    // It waits for its body.
    expect((await peer.answer(1)).status).toBe(504);
  });

  test("deny if the server shuts down during the decision", async () => {
    const { connect, server } = await guarded([gate(() => new Promise(() => undefined))]);
    const peer = await connect();
    peer.send(get(1, "/members/x"));
    await peer.roundTrip();
    const closed = server.close();
    expectDenied(await peer.answer(1), 503);
    peer.end();
    await closed;
  });

  test("keep the handler from running for a request that was aborted during the decision", async () => {
    const verdict = deferred<Verdict>();
    let ran = false;
    const { connect } = await serveDefinitions(
      [
        gate(async ({ signal }: AuthorizerRequest) => {
          signal.addEventListener("abort", () => verdict.resolve(allow()));
          return verdict.promise;
        }),
        responder({
          "GET /members/x": () => {
            ran = true;
            return SECRET;
          },
        }),
      ],
      { listener: inProcess },
    );
    const peer = await connect();
    peer.send(get(1, "/members/x"));
    await peer.roundTrip();
    expectDenied(await peer.send(abort(1)).answer(1), 503);
    await turns();
    expect(ran).toBe(false);
  });

  test("keep it from running when the Web server has left", async () => {
    const verdict = deferred<Verdict>();
    let ran = false;
    const { connect } = await serveDefinitions(
      [
        gate(() => verdict.promise, "/members/**"),
        responder({
          "GET /members/x": () => {
            ran = true;
            return SECRET;
          },
          "GET /hello": () => "hello",
        }),
      ],
      { listener: inProcess },
    );
    const peer = await connect();
    peer.send(get(1, "/members/x"));
    await peer.roundTrip();
    peer.reset();
    await peer.closed();
    const other = await connect();
    expect((await other.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    verdict.resolve(allow());
    await turns();
    expect(ran).toBe(false);
  });

  test("keep it from running for an exchange that an authorizer has ended", async () => {
    let ran = false;
    const { connect } = await serveDefinitions(
      [
        gate(({ exchange }) => {
          exchange.end();
          return allow();
        }),
        responder({
          "GET /members/x": () => {
            ran = true;
            return SECRET;
          },
        }),
      ],
      { listener: inProcess },
    );
    const peer = await connect();
    expect((await peer.send(get(1, "/members/x")).answer(1)).text).toBe("");
    await turns();
    expect(ran).toBe(false);
  });

  test("hold an upload back during the decision, and lose none of it", async () => {
    const verdict = deferred<Verdict>();
    const { connect } = await guarded([gate(() => verdict.promise)], {
      server: { limits: { bufferedPerRequest: 1_000 } },
    });
    const peer = await connect();
    const body = "0123456789".repeat(50_000);
    peer.send(post(1, "/members/y", body));
    await turns();
    verdict.resolve(allow());
    expect((await peer.answer(1)).text).toBe(body);
  });

  test("are asked before a filter as well", async () => {
    const { connect } = await serveDefinitions(
      [
        gate(({ query }) => (query.has("in") ? allow({ WHO: "ada" }) : deny()), "/members/**"),
        {
          kind: "filter",
          name: "Upper",
          paths: ["*.txt"],
          filter: async ({ data, params: variables }) => {
            let text = "";
            for await (const chunk of data) text += Buffer.from(chunk).toString().toUpperCase();
            return `${variables.get("WHO")} ${text}`;
          },
        },
      ],
      { listener: inProcess },
    );
    const peer = await connect();
    expectDenied(await peer.send(filter(1, "/members/a.txt", "content")).answer(1), 403);
    expect((await peer.send(filter(1, "/members/a.txt?in", "content")).answer(1)).text).toBe("ada CONTENT");
    expect((await peer.send(filter(1, "/a.txt", "content")).answer(1)).text).toBe("undefined CONTENT");
  });

  test("are still asked by a bridge, and once", async () => {
    let times = 0;
    const { connect } = await guarded([gate(() => ((times += 1), allow()))]);
    expect((await (await connect()).send(askAsNginx(1, "/hello")).answer(1)).head).toBe("Status: 200 OK");
    expect(times).toBe(1);
  });

  test("are not required by a listener that does not declare them", async () => {
    const { connect } = await serveDefinitions([gate(() => deny()), page], { listener: {} });
    expect((await (await connect()).send(get(1, "/members/x")).answer(1)).text).toBe(SECRET);
  });

  test("are required by a listener that declares them", async () => {
    await expect(serveDefinitions([page], { listener: inProcess })).rejects.toThrow(
      expect.objectContaining({
        code: "ERR_BRIDGE",
        message: expect.stringContaining("has no authorizer") as string,
      }),
    );
  });
});

describe("variables that authorizers set in this process", () => {
  const handsOn = (
    variables: Record<string, string>,
    declared?: readonly string[],
  ): AuthorizerDefinition => ({
    ...gate(() => allow(variables), "/members/**"),
    variables: declared,
  });
  const seen = async (
    gates: readonly AuthorizerDefinition[],
    facts: Record<string, string> = {},
    listener: ServedOptions["listener"] = {},
  ): Promise<Seen> => {
    const { connect } = await guarded(gates, { listener });
    const peer = await connect();
    return JSON.parse((await peer.send(get(1, "/members/seen", { params: facts })).answer(1)).text) as Seen;
  };

  test("arrive as params in upper case, and replace all params of those names", async () => {
    const { params } = await seen([handsOn({ AUTH_USER: "zoë", member_city: "Rome", EMPTY: "" })], {
      AUTH_USER: "root",
      MEMBER_CITY: "nowhere",
      HTTP_AUTH_USER: "root",
    });
    expect(params).toEqual({
      ...variablesOf("/members/seen"),
      HTTP_AUTH_USER: "root",
      AUTH_USER: "zoë",
      MEMBER_CITY: "Rome",
      EMPTY: "",
    });
  });

  test("of several are joined, the last one wins", async () => {
    const { params } = await seen([handsOn({ A: "1", B: "1" }), handsOn({ B: "2" })]);
    expect(params).toMatchObject({ A: "1", B: "2" });
  });

  test("name the user if the listener trusts the variable", async () => {
    const vouchesFor = ["REMOTE_USER"];
    expect(
      await seen([handsOn({ REMOTE_USER: "ada" })], { REMOTE_USER: "root" }, { vouchesFor }),
    ).toMatchObject({ user: "ada" });
  });

  test("are removed from requests if declared: when no authorizer set them, and when no authorizer was asked", async () => {
    const vouchesFor = ["REMOTE_USER"];
    const declares = handsOn({}, ["REMOTE_USER"]);
    const forged = { REMOTE_USER: "root" };
    expect(await seen([declares], forged, { vouchesFor })).toEqual({ params: variablesOf("/members/seen") });

    const { connect } = await serveDefinitions(
      [
        declares,
        responder({ "GET /open": ({ params, user }) => ({ user, has: params.has("REMOTE_USER") }) }),
      ],
      { listener: { ...inProcess, vouchesFor } },
    );
    const answer = await (await connect()).send(get(1, "/open", { params: forged })).answer(1);
    expect(JSON.parse(answer.text)).toEqual({ has: false });
  });

  test("do not change what the request is about, unless declared", async () => {
    const replaces = gate(() => allow({ REMOTE_ADDR: "192.0.2.7" }, { replaces: ["REMOTE_ADDR"] }));
    expect((await seen([replaces], { REMOTE_ADDR: "127.0.0.1" })).params).toMatchObject({
      REMOTE_ADDR: "192.0.2.7",
      REQUEST_URI: "/members/seen",
    });
  });
});

describe("a request whose path has several readings", () => {
  const routes = responder({
    "GET /members/:name": () => SECRET,
    "GET /members/:name/:part": () => SECRET,
    "GET /members/deep/*": () => SECRET,
    "GET /members/exactly/here": () => SECRET,
    "GET /*": () => "open",
  });

  const visit = async (
    globs: readonly string[],
    facts: Record<string, string>,
    mount = "",
  ): Promise<string> => {
    const { connect } = await serveDefinitions([gate(() => deny(), ...globs), routes], {
      listener: inProcess,
      dispatcher: { mount },
    });
    const peer = await connect();
    peer.send(begin(1), params(1, { REQUEST_METHOD: "GET", ...facts }), stdin(1));
    const { status, text } = await peer.answer(1);
    return text === SECRET || text === "open" ? text : String(status);
  };

  test.each([
    ["one that leads there", "/public/../members/x", ["/members/**"]],
    ["an escaped slash", "/members/a%2Fb", ["/members/*"]],
    ["a slash at the end", "/members/x/", ["/members/x"]],
    ["no slash at the end", "/members/x", ["/members/x/"]],
    ["two slashes", "//members/x", ["/members/*"]],
    ["an escaped letter", "/%6dembers/x", ["/members/*"]],
    ["another case", "/MEMBERS/x", ["/members/*"]],
    ["an absolute target", "http://localhost/members/x", ["/members/*"]],
  ])("is protected in each of them: %s", async (_what, target, globs) => {
    expect(await visit(globs, { REQUEST_URI: target })).toBe("403");
  });

  test.each([
    ["a PATH_INFO", { REQUEST_URI: "/members/x", SCRIPT_NAME: "/members", PATH_INFO: "/x" }, ""],
    ["a declared mount", { REQUEST_URI: "/app/members/x" }, "/app"],
    ["no REQUEST_URI", { SCRIPT_NAME: "/members", PATH_INFO: "/x" }, ""],
    ["a DOCUMENT_URI", { REQUEST_URI: "/public", DOCUMENT_URI: "/members/x" }, ""],
  ])("is protected with %s", async (_what, facts, mount) => {
    expect(await visit(["/members/*"], facts, mount)).toBe("403");
  });

  test.each(["/%zz", "/../x", "/members/..%2f..%2f..", "/members/a%2F..%2Fb", "/x%00", "/x#/../members"])(
    "is refused if it has no reading: %s",
    async (target) => {
      expect(await visit(["/members/**"], { REQUEST_URI: target })).toBe("400");
    },
  );

  test.each(["/members/..", "/members/%2e%2e", "/members/deep/../../public"])(
    "is normalized, for routes too: %s",
    async (target) => {
      expect(await visit(["/members/**"], { REQUEST_URI: target })).toBe("open");
    },
  );

  test("is answered if no reading is protected", async () => {
    expect(await visit(["/members/**"], { REQUEST_URI: "/public/members/x" })).toBe("open");
    expect(await visit(["*.txt"], { REQUEST_URI: "/members/x" })).toBe(SECRET);
  });

  test.each(["", "/app"])(
    "never reaches a protected handler without its authorizer, mounted at %j",
    async (mount) => {
      // Each glob is the shape of one route, and no wider.
      const globs = [
        "/members/*",
        "/members/*/*",
        "/members/deep/**",
        "/members/exactly/here",
        "/app/members/*",
      ];
      const { connect } = await serveDefinitions([gate(() => deny(), ...globs), routes], {
        listener: inProcess,
        dispatcher: { mount },
      });
      const peer = await connect();
      const pieces =
        "/,/,//,members,MEMBERS,%6dembers,app,x,deep,exactly,here,.,..,%2e,%2E%2e,%2f,%2F,%252f,;a,%3b,%5c,\\,é,%C3%A9";
      const piece = fc.constantFrom(...pieces.split(","));
      const facts = fc.record(
        {
          REQUEST_URI: fc
            .tuple(
              fc.constantFrom("/", "/members/", "/app/members/", "/app/", "http://x/members/"),
              fc.array(piece, { maxLength: 8 }),
            )
            .map(([start, rest]) => start + rest.join("")),
          PATH_INFO: fc.array(piece, { maxLength: 4 }).map((rest) => `/members/${rest.join("")}`),
          SCRIPT_NAME: fc.constantFrom("", "/", "/app", "/members"),
        },
        { requiredKeys: ["REQUEST_URI"] },
      );
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(facts, async (more) => {
          peer.send(begin(1), params(1, { REQUEST_METHOD: "GET", ...more }), record(Type.stdin, 1));
          const { text, status } = await peer.answer(1);
          expect(text).not.toBe(SECRET);
          seen.add(String(status));
        }),
        { numRuns: 2_000 },
      );
      expect([...seen].sort()).toEqual(mount === "" ? ["200", "400", "403"] : ["200", "400", "403", "404"]);
    },
  );
});
