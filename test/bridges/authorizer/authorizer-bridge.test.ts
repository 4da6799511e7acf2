import { describe, expect, test } from "vitest";

import { openDispatcher } from "../../../src/bridges/open-dispatcher.js";
import type { Application } from "../../../src/protocol/application-side/application.js";
import { ApplicationSide } from "../../../src/protocol/application-side/application-side.js";
import type { ApplicationSideHost } from "../../../src/protocol/application-side/application-side-host.js";
import { defaultLimits } from "../../../src/protocol/limits.js";
import type { AuthorizerRequest } from "../../../src/roles/authorizer-request.js";
import { Roles } from "../../../src/roles/roles.js";
import { allow, challenge, deny, redirect, type Verdict } from "../../../src/roles/verdict.js";
import { askAsCaddy, askAsNginx, expectDenied, gate } from "../../support/gates.js";
import {
  Responder,
  Type,
  abort,
  authorize,
  begin,
  get,
  pairs,
  params,
  record,
  stdin,
  stream,
  variablesOf,
} from "../../support/records.js";
import { capturedLog, deferred, responder, serveDefinitions, turns } from "../../support/served.js";
import { UNDECIDED } from "../../support/undecided.js";

/** What a responder answers with, and a bridge never may. */
const page = responder({ "GET /*": () => "a page", "GET /hello": () => "hello" });

const bridges = [
  ["auth_request", askAsNginx],
  ["forward_auth", askAsCaddy],
] as const;

/** A connection without a socket, whose clock is set by hand. */
class ClockedSide implements ApplicationSideHost {
  readonly side: ApplicationSide;
  readonly values = { FCGI_MAX_CONNS: "1", FCGI_MAX_REQS: "1", FCGI_MPXS_CONNS: "1" };
  time = 0;

  constructor(application: Application) {
    const times = { params: 10_000, body: 60_000, abortGrace: 1_000 };
    this.side = new ApplicationSide(application, this, { limits: defaultLimits, times });
  }

  now(): number {
    return this.time;
  }

  admit(): boolean {
    return true;
  }

  /** The output since the last call. */
  output(): string {
    return Buffer.concat(this.side.output.take()).toString("latin1");
  }

  outputQueued(): void {}
  activeChanged(): void {}
  bufferedChanged(): void {}
  breakConnection(): void {}
}

describe.each(bridges)("a question by %s", (_form, ask) => {
  test("that is allowed is 200 with the variables, in one record, as in the authorizer role", async () => {
    const { connect } = await serveDefinitions([gate(() => allow({ AUTH_USER: "zoë", EMPTY: "" })), page]);
    const peer = await connect();
    const { stdout, records } = await peer.send(ask(1, "/members/x")).answer(1);

    expect(stdout.toString()).toBe("Status: 200 OK\r\nVariable-AUTH_USER: zoë\r\nVariable-EMPTY: \r\n\r\n");
    expect(records).toHaveLength(3);
    expect(stdout).toEqual((await peer.send(authorize(1, "/members/x")).answer(1)).stdout);
  });

  test("is about the original target and method, and ignores the request that asks", async () => {
    const seen: unknown[] = [];
    const look = (request: AuthorizerRequest): Verdict => {
      const { method, target, path, mount, queryString, params, headers } = request;
      seen.push({ method, target, path, mount, queryString, user: request.user });
      for (const name of ["SCRIPT_NAME", "PATH_INFO", "DOCUMENT_URI", "CONTENT_LENGTH", "TRICORN_BRIDGE"]) {
        expect(params.has(name)).toBe(false);
      }
      expect(headers.get("cookie")).toBe("a=b");
      return allow();
    };
    const { connect } = await serveDefinitions([gate(look), page]);
    const peer = await connect();
    const target = "/members/b%20c?x=1&y";
    const method = { REQUEST_METHOD: "PUT", TRICORN_METHOD: "PUT" };
    peer.send(ask(1, target, { params: { HTTP_COOKIE: "a=b", ...method } }));
    expect((await peer.answer(1)).status).toBe(200);

    expect(seen).toEqual([
      { method: "PUT", target, path: "/members/b%20c", mount: "", queryString: "x=1&y", user: undefined },
    ]);
  });

  test("goes to all authorizers whose globs match the path below the mount, and all must allow", async () => {
    const asked: string[] = [];
    const named = (name: string, verdict: Verdict, ...paths: string[]) => ({
      ...gate(() => (asked.push(name), verdict), ...paths),
      name,
    });
    const { connect } = await serveDefinitions(
      [
        named("Everywhere", allow({ A: "1", B: "1" })),
        named("Members", allow({ B: "2" }), "/members/**"),
        named("Secret", deny(403), "/members/secret"),
      ],
      { dispatcher: { mount: "/app" } },
    );
    const peer = await connect();
    const visit = async (target: string): Promise<[number, ...string[]]> => {
      asked.length = 0;
      const { status } = await peer.send(ask(1, target)).answer(1);
      return [status, ...asked];
    };
    expect(await visit("/app/public")).toEqual([200, "Everywhere"]);
    expect(await visit("/app/members/x")).toEqual([200, "Everywhere", "Members"]);
    for (const path of ["secret", "./secret", "x/../secret", "/secret", "s%65cret", "SECRET", "secret/"]) {
      expect(await visit(`/app/members/${path}`)).toEqual([403, "Everywhere", "Members", "Secret"]);
    }
    expect(await visit("http://localhost/app/members/secret")).toContain("Secret");
  });

  test.each(["/members/../x", "/../members", "/%zz", "/members#", "/members/%00"])(
    "about %s, which matches no glob or cannot be read, is denied",
    async (target) => {
      const { connect, log } = await serveDefinitions([gate(() => allow(), "/members/**"), page]);
      const peer = await connect();
      expectDenied(await peer.send(ask(1, target)).answer(1), 403);
      expect(log.map(({ code }) => code)).toContain("ERR_NO_AUTHORIZER");
    },
  );

  test.each(UNDECIDED)("to one that %s is denied", async (_what, decide) => {
    const { connect } = await serveDefinitions([gate(decide), page]);
    const peer = await connect();
    expectDenied(await peer.send(ask(1, "/x")).answer(1));
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });

  test("is denied if there is no authorizer, with and without a page at that path", async () => {
    for (const definitions of [[], [page]]) {
      const { connect } = await serveDefinitions(definitions);
      expectDenied(await (await connect()).send(ask(1, "/hello")).answer(1), 403);
    }
  });

  test("is answered by an application with authorizers only; other requests get an explanation", async () => {
    const { connect } = await serveDefinitions([gate(() => allow())]);
    const peer = await connect();
    expect((await peer.send(ask(1, "/x")).answer(1)).status).toBe(200);
    expect(await peer.send(get(1, "/x")).answer(1)).toMatchObject({ status: 500, protocolStatus: 3 });
  });

  test("has the time limit of authorizers, and ignores later decisions", async () => {
    let decide!: (verdict: Verdict) => void;
    const { connect, log } = await serveDefinitions(
      [gate(() => new Promise<Verdict>((resolve) => (decide = resolve))), page],
      { dispatcher: { timeouts: { authorizer: 1, handler: 60_000 } } },
    );
    const peer = await connect();
    expectDenied(await peer.send(ask(1, "/x")).answer(1), 504);
    decide(allow({ AUTH_USER: "late" }));
    await turns();

    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    expect(peer.pending.filter(({ type }) => type === Type.end)).toHaveLength(2);
    expect(log).toContainEqual(expect.objectContaining({ role: "authorizer", code: "ERR_ABORTED_TIMEOUT" }));
  });

  test("has no extra time while an upload continues after it", async () => {
    const { log } = capturedLog();
    const hangs = gate(() => new Promise(() => undefined));
    const roles = new Roles([hangs], { log, timeouts: { authorizer: 1_000 } });
    const clock = new ClockedSide(await openDispatcher(roles));
    clock.side.receive(ask(1, "/x").subarray(0, -8));
    clock.time = 900;
    // So much buys a responder eight seconds.
    clock.side.receive(record(Type.stdin, 1, Buffer.alloc(4_096)));
    clock.side.expire(999);
    expect(clock.output()).toBe("");
    clock.side.expire(1_000);
    expect(clock.output()).toMatch(/Status: 504 /);
  });

  test("is decided before its STDIN ends", async () => {
    const { connect } = await serveDefinitions([gate(() => allow())]);
    const peer = await connect();
    peer.send(ask(1, "/x").subarray(0, -8), record(Type.stdin, 1, "a body"));
    expect((await peer.answer(1)).status).toBe(200);
    peer.send(stdin(1));
    expect((await peer.send(ask(1, "/x")).answer(1)).status).toBe(200);
  });

  test("is denied if the server shuts down during the decision", async () => {
    const { connect, server } = await serveDefinitions([gate(() => new Promise(() => undefined)), page]);
    const peer = await connect();
    peer.send(ask(1, "/x"));
    await peer.roundTrip();
    const closed = server.close();

    expectDenied(await peer.answer(1), 503);
    await peer.closedByApplication();
    peer.end();
    await closed;
  });

  test.each([
    ["one that hangs", () => new Promise<Verdict>(() => undefined)],
    [
      "one that listens to its signal and allows then",
      ({ signal }: AuthorizerRequest) =>
        new Promise<Verdict>((resolve) => signal.addEventListener("abort", () => resolve(allow()))),
    ],
  ])("is denied by an ABORT_REQUEST: %s", async (_what, decide) => {
    const { connect } = await serveDefinitions([gate(decide), page]);
    const peer = await connect();
    peer.send(ask(1, "/x"));
    await peer.roundTrip();
    expectDenied(await peer.send(abort(1)).answer(1), 503);
  });

  test("of a peer that half-closes meanwhile is still answered, also with allow", async () => {
    const verdict = deferred<Verdict>();
    const { connect } = await serveDefinitions([gate(() => verdict.promise), page]);
    const peer = await connect();
    await peer.send(ask(1, "/x")).roundTrip();
    peer.end();
    await turns();
    verdict.resolve(allow());

    expect((await peer.answer(1)).status).toBe(200);
  });

  test("that is incomplete when its peer half-closes gets no allow", async () => {
    const verdict = deferred<Verdict>();
    const { connect } = await serveDefinitions([gate(() => verdict.promise), page]);
    const peer = await connect();
    // Without the end of STDIN.
    await peer.send(ask(1, "/x").subarray(0, -8)).roundTrip();
    peer.end();
    await turns();
    verdict.resolve(allow());

    expectDenied(await peer.answer(1), 503);
  });

  test("above the number of active requests gets no 2xx", async () => {
    const { connect } = await serveDefinitions([gate(() => new Promise(() => undefined)), page], {
      server: { limits: { requestsPerConnection: 1 } },
    });
    const peer = await connect();
    peer.send(ask(1, "/x"), ask(2, "/x"));
    expect((await peer.answer(2)).status).toBe(503);
  });

  test.each<[string, readonly Buffer[], number]>([
    ["malformed params", [record(Type.params, 1, Buffer.from([5, 5, 1])), record(Type.params, 1)], 400],
    ["params over the limit", [stream(Type.params, 1, Buffer.alloc(300_000))], 431],
    [
      "too many params",
      [params(1, Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`N${n}`, ""])))],
      431,
    ],
    ["a protocol error", [Buffer.from([9, 9, 9, 9, 9, 9, 9, 9])], 503],
  ])("with %s gets no 2xx", async (_what, bytes, status) => {
    const { connect } = await serveDefinitions([gate(() => allow()), page]);
    const peer = await connect();
    peer.send(
      begin(1, Responder),
      record(Type.params, 1, pairs({ TRICORN_BRIDGE: "auth_request" })),
      ...bytes,
    );
    expect((await peer.answer(1)).status).toBe(status);
  });

  test("does not affect further requests of the connection", async () => {
    const { connect } = await serveDefinitions([gate(() => allow()), page]);
    const peer = await connect();
    for (let round = 0; round < 3; round += 1) {
      expect((await peer.send(ask(1, "/hello")).answer(1)).text).toBe("");
      expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    }
  });
});

describe("a client", () => {
  test.each([
    ["nginx", askAsNginx],
    ["Caddy", askAsCaddy],
  ])("cannot change what %s asks about, by any header field", async (_server, ask) => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(403), "/members/**")]);
    const peer = await connect();
    for (const uri of ["/public", "/members/../public", "/public?/members/x"]) {
      const params = {
        HTTP_X_FORWARDED_URI: uri,
        HTTP_X_FORWARDED_METHOD: "OPTIONS",
        HTTP_X_ORIGINAL_URI: uri,
        HTTP_X_REWRITE_URL: uri,
        HTTP_TRICORN_URI: uri,
        HTTP_TRICORN_BRIDGE: "nonsense",
        HTTP_TRICORN_STATUS: "200",
        HTTP_VARIABLE_AUTH_USER: "root",
      };
      const answer = await peer.send(ask(1, "/members/x", { params })).answer(1);
      expectDenied(answer, 403);
    }
  });

  test("cannot turn a request into a question, or a question into a request", async () => {
    const { connect } = await serveDefinitions([gate(() => deny(403)), page]);
    const peer = await connect();
    const params = { HTTP_TRICORN_BRIDGE: "auth_request" };
    expect((await peer.send(get(1, "/hello", { params })).answer(1)).text).toBe("hello");
    expectDenied(await peer.send(askAsNginx(1, "/hello", { params })).answer(1), 403);
  });
});

describe("the marker", () => {
  test.each(["", "on", "Auth_Request", "auth_request,forward_auth", "x".repeat(100)])(
    "is honoured with an unknown value, %j: denied, and logged",
    async (value) => {
      const { connect, log } = await serveDefinitions([gate(() => allow()), page]);
      const peer = await connect();
      expectDenied(await peer.send(get(1, "/hello", { params: { TRICORN_BRIDGE: value } })).answer(1), 403);
      const warnings = log.filter(
        ({ code, msg }) => code === "ERR_BRIDGE_MARKER" && msg.startsWith("Denied"),
      );
      expect(warnings).toHaveLength(1);
    },
  );

  test.each<[string, Record<string, string>]>([
    ["auth_request without a method", { TRICORN_BRIDGE: "auth_request", REQUEST_METHOD: "" }],
    ["auth_request without a target", { TRICORN_BRIDGE: "auth_request", REQUEST_URI: "" }],
    ["forward_auth without both", { TRICORN_BRIDGE: "forward_auth" }],
    [
      "forward_auth by header fields that were not declared",
      {
        TRICORN_BRIDGE: "forward_auth",
        HTTP_X_FORWARDED_URI: "/hello",
        HTTP_X_FORWARDED_METHOD: "GET",
      },
    ],
  ])("%s is denied, and logged", async (_what, params) => {
    const { connect, log } = await serveDefinitions([gate(() => allow()), page]);
    const peer = await connect();
    expectDenied(await peer.send(get(1, "/hello", { params })).answer(1), 403);
    const warnings = log.filter(({ code, msg }) => code === "ERR_BRIDGE_TARGET" && msg.startsWith("Denied"));
    expect(warnings).toHaveLength(1);
  });

  test("is ignored in other roles", async () => {
    const { connect } = await serveDefinitions([gate(() => allow()), page]);
    const peer = await connect();
    const question = { TRICORN_BRIDGE: "nonsense" };
    expect((await peer.send(authorize(1, "/x", { params: question })).answer(1)).status).toBe(200);
  });
});

describe("the params of forward_auth", () => {
  test("are the declared ones", async () => {
    const { connect } = await serveDefinitions(
      [gate(({ path, method }) => deny(403, { body: `${method} ${path}` }))],
      {
        listener: {
          bridges: { authorizer: { uri: "HTTP_X_FORWARDED_URI", method: "HTTP_X_FORWARDED_METHOD" } },
        },
      },
    );
    const peer = await connect();
    const forwarded = {
      TRICORN_BRIDGE: "forward_auth",
      HTTP_X_FORWARDED_URI: "/members/x?y",
      HTTP_X_FORWARDED_METHOD: "PATCH",
    };
    expect((await peer.send(get(1, "/ask", { params: forwarded })).answer(1)).text).toBe("PATCH /members/x");
    // nginx keeps the original variables, and forwards such a field of the client.
    const asked = await peer
      .send(askAsNginx(1, "/secret", { params: { HTTP_X_FORWARDED_URI: "/x" } }))
      .answer(1);
    expect(asked.text).toBe("GET /secret");
  });
});

describe("the form of a denial", () => {
  const denials: Readonly<Record<string, () => Verdict>> = {
    challenge: () => challenge("Basic", { realm: "x" }),
    redirect: () => redirect("/log-in", 303),
    missing: () => deny(404),
    failed: () => deny(502),
  };
  const decide = ({ query }: AuthorizerRequest): Verdict => denials[query.get("as")!]!();

  test.each([
    ["challenge", 401, { "WWW-Authenticate": 'Basic realm="x"', "Tricorn-Status": undefined }],
    ["redirect", 401, { "Tricorn-Status": "303", "Tricorn-Location": "/log-in", Location: undefined }],
    ["missing", 403, { "Tricorn-Status": "404" }],
    ["failed", 502, { "Tricorn-Status": undefined }],
  ])("for auth_request: %s", async (as, status, fields) => {
    const { connect } = await serveDefinitions([gate(decide)]);
    const answer = await (await connect()).send(askAsNginx(1, `/x?as=${as}`)).answer(1);
    expectDenied(answer, status);
    for (const [name, value] of Object.entries(fields)) expect(answer.header(name)).toBe(value);
  });

  test("of a refusal fits auth_request too", async () => {
    const { connect } = await serveDefinitions([gate(() => new Promise(() => undefined))], {
      server: { limits: { bodyBytes: 10 } },
    });
    const peer = await connect();
    const answer = await peer.send(askAsNginx(1, "/x", { body: "longer than ten bytes" })).answer(1);
    expectDenied(answer, 403);
    expect(answer.header("Tricorn-Status")).toBe("413");
  });

  test.each(["challenge", "redirect", "missing", "failed"])(
    "for forward_auth is that of the authorizer role: %s",
    async (as) => {
      const { connect } = await serveDefinitions([gate(decide)]);
      const peer = await connect();
      const bridged = await peer.send(askAsCaddy(1, `/x?as=${as}`)).answer(1);
      const native = await peer.send(authorize(1, `/x?as=${as}`)).answer(1);
      expectDenied(bridged);
      expect(bridged.stdout).toEqual(native.stdout);
    },
  );
});

test("a page never answers an authorizer's question, even if its marker is the last of many params", async () => {
  const { connect } = await serveDefinitions([gate(() => deny(403)), page]);
  const peer = await connect();
  const many = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`HTTP_X_BRIDGE_${n}`, "TRICORN_BRIDGE"]),
  );
  peer.send(
    begin(1),
    params(1, { ...variablesOf("/hello"), ...many, TRICORN_BRIDGE: "auth_request" }),
    stdin(1),
  );
  expectDenied(await peer.answer(1), 403);
});
