import { describe, expect, test } from "vitest";

import { allow, challenge, deny, redirect, type Verdict } from "../../src/roles/verdict.js";
import {
  Authorizer,
  Type,
  authorize,
  begin,
  get,
  pairs,
  params,
  record,
  stdin,
  stream,
  variablesOf,
} from "../support/records.js";
import { expectDenied, gate } from "../support/gates.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";
import { UNDECIDED } from "../support/undecided.js";

describe("Section 6.3: what an authorizer decides", () => {
  test("allow is 200 with Variable-* only, in one record", async () => {
    const { connect } = await serveDefinitions([
      gate(() => allow({ AUTH_USER: "zoë", AUTH_ROLE: "admin", EMPTY: "" })),
    ]);
    const peer = await connect();
    const answer = await peer.send(authorize(1, "/x")).answer(1);

    expect(answer.stdout.toString()).toBe(
      "Status: 200 OK\r\nVariable-AUTH_USER: zoë\r\nVariable-AUTH_ROLE: admin\r\nVariable-EMPTY: \r\n\r\n",
    );
    expect(answer.records).toHaveLength(3);
    expect(answer.applicationStatus).toBe(0);
  });

  test("it is decided at the end of PARAMS, with or without STDIN", async () => {
    const { connect } = await serveDefinitions([gate(() => allow())]);
    const peer = await connect();
    for (const more of [[], [stdin(1)], [record(Type.stdin, 1, "a body"), stdin(1)]]) {
      peer.send(begin(1, Authorizer), params(1, variablesOf("/x")));
      expect((await peer.answer(1)).status).toBe(200);
      peer.send(...more);
    }
  });

  test("a denial is sent unchanged", async () => {
    const { connect } = await serveDefinitions([
      gate(() => deny(401, { headers: { "WWW-Authenticate": 'Basic realm="x"' }, body: "Who?" })),
    ]);
    const peer = await connect();
    const answer = await peer.send(authorize(1, "/x")).answer(1);

    expectDenied(answer, 401);
    expect(answer.header("WWW-Authenticate")).toBe('Basic realm="x"');
    expect(answer.header("Content-Length")).toBe("4");
    expect(answer.text).toBe("Who?");
  });

  test("challenge and redirect are denials", async () => {
    const { connect } = await serveDefinitions([
      gate(({ path }) => (path === "/a" ? challenge("Basic", { realm: 'the "x"' }) : redirect("/login"))),
    ]);
    const peer = await connect();
    const challenged = await peer.send(authorize(1, "/a")).answer(1);
    expectDenied(challenged, 401);
    expect(challenged.header("WWW-Authenticate")).toBe(String.raw`Basic realm="the \"x\""`);
    const redirected = await peer.send(authorize(1, "/b")).answer(1);
    expectDenied(redirected, 302);
    expect(redirected.header("Location")).toBe("/login");
  });

  test("all that match must allow; their variables are merged", async () => {
    const { connect } = await serveDefinitions([
      gate(() => allow({ USER: "alice", LEVEL: "1" })),
      gate(() => allow({ LEVEL: "2" }), "/members/**"),
      gate(() => deny(403), "/members/secret"),
    ]);
    const peer = await connect();
    expect((await peer.send(authorize(1, "/public")).answer(1)).head).toMatch(
      /USER: alice\r\nVariable-LEVEL: 1$/,
    );
    expect((await peer.send(authorize(1, "/members/x")).answer(1)).head).toMatch(
      /USER: alice\r\nVariable-LEVEL: 2$/,
    );
    expectDenied(await peer.send(authorize(1, "/members/secret")).answer(1), 403);
  });
});

describe("Section 6.3: everything else is a denial", () => {
  test.each(UNDECIDED)("one that %s", async (_what, decide) => {
    const { connect } = await serveDefinitions([gate(decide), responder({ "GET /hello": () => "hello" })]);
    const peer = await connect();
    peer.send(authorize(1, "/x", { params: { HTTP_AUTHORIZATION: "Bearer some-secret" } }));

    expectDenied(await peer.answer(1));
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });

  test("one that returns an undeclared variable", async () => {
    const declares = {
      ...gate(({ query }) => allow({ [query.get("name")!]: "ada" })),
      variables: ["AUTH_USER"],
    };
    const { connect, log } = await serveDefinitions([declares]);
    const peer = await connect();
    expect((await peer.send(authorize(1, "/?name=AUTH_USER")).answer(1)).status).toBe(200);
    for (const name of ["AUTH_ROLE", "auth_user", "AUTH"]) {
      expectDenied(await peer.send(authorize(1, `/?name=${name}`)).answer(1), 500);
      const { err } = log.at(-1)!;
      expect(err!.message).toBe(
        `Cannot allow with variable ${name}: Gate does not declare it; add it to its variables`,
      );
    }
  });

  test("variables that look harmless in UTF-16 cannot end a line as bytes", async () => {
    const { connect } = await serveDefinitions([gate(() => allow({ USER: "x\u010d\u010aY: 1\u2028z" }))]);
    const peer = await connect();
    const answer = await peer.send(authorize(1, "/x")).answer(1);

    expect(answer.stdout.toString("utf8")).toBe(
      "Status: 200 OK\r\nVariable-USER: x\u010d\u010aY: 1\u2028z\r\n\r\n",
    );
  });

  test("no authorizer at all, or none for the path", async () => {
    const { connect } = await serveDefinitions([]);
    expectDenied(await (await connect()).send(authorize(1, "/x")).answer(1), 403);

    const { connect: connectOther } = await serveDefinitions([gate(() => allow(), "/other")]);
    expectDenied(await (await connectOther()).send(authorize(1, "/x")).answer(1), 403);
  });

  test("one that exceeds its time limit, and its later decision is ignored", async () => {
    let decide!: (verdict: Verdict) => void;
    const { connect } = await serveDefinitions(
      [
        gate(() => new Promise<Verdict>((resolve) => (decide = resolve))),
        responder({ "GET /hello": () => "hello" }),
      ],
      { dispatcher: { timeouts: { authorizer: 1 } } },
    );
    const peer = await connect();
    expectDenied(await peer.send(authorize(1, "/x")).answer(1), 504);
    decide(allow({ USER: "late" }));

    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    expect(peer.pending.filter(({ type, id }) => type === Type.end && id === 1)).toHaveLength(2);
  });

  test("one that decides during shutdown", async () => {
    const { connect, server } = await serveDefinitions([gate(() => new Promise(() => undefined))]);
    const peer = await connect();
    peer.send(authorize(1, "/x"));
    await peer.roundTrip();
    const closed = server.close();

    expectDenied(await peer.answer(1), 503);
    await peer.closedByApplication();
    peer.end();
    await closed;
  });

  test.each<[string, readonly Buffer[]]>([
    ["malformed params", [record(Type.params, 1, Buffer.from([5, 5, 1])), record(Type.params, 1)]],
    ["params over the limit in bytes", [stream(Type.params, 1, Buffer.alloc(300_000))]],
    [
      "too many params",
      [params(1, Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`N${n}`, ""])))],
    ],
    ["a protocol error", [Buffer.from([9, 9, 9, 9, 9, 9, 9, 9])]],
    ["a second BEGIN_REQUEST", [begin(1, Authorizer)]],
  ])("%s", async (_what, bytes) => {
    const { connect } = await serveDefinitions([gate(() => allow())]);
    const peer = await connect();
    peer.send(begin(1, Authorizer), ...bytes);

    expectDenied(await peer.answer(1));
  });
});

describe("Section 6.3: a peer that half-closes", () => {
  test("during the decision still gets its answer, also an allow", async () => {
    const decided = deferred<Verdict>();
    const { connect } = await serveDefinitions([gate(() => decided.promise)]);
    const peer = await connect();
    await peer.send(authorize(1, "/x")).roundTrip();
    peer.end();
    await turns();
    decided.resolve(allow({ USER: "ada" }));

    const answer = await peer.answer(1);
    expect(answer.status).toBe(200);
    expect(answer.head).toContain("Variable-USER: ada");
  });

  test("during the decision still gets its denial", async () => {
    const decided = deferred<Verdict>();
    const { connect } = await serveDefinitions([gate(() => decided.promise)]);
    const peer = await connect();
    await peer.send(authorize(1, "/x")).roundTrip();
    peer.end();
    await turns();
    decided.resolve(deny(403));

    expect((await peer.answer(1)).status).toBe(403);
  });

  test("before its PARAMS have ended asks no authorizer, and gets no answer", async () => {
    const asked: unknown[] = [];
    const { connect } = await serveDefinitions([
      gate((request) => {
        asked.push(request);
        return allow();
      }),
    ]);
    const peer = await connect();
    peer.send(begin(1, Authorizer), stream(Type.params, 1, pairs(variablesOf("/x")))).end();
    await peer.closedByApplication();

    expect(asked).toEqual([]);
    expect(peer.bytesRead).toBe(0);
  });
});

describe("Section 6.3: which authorizers decide about a path", () => {
  const members = "/members/**";

  test.each([
    "/members",
    "/members/",
    "/members/x",
    "/members/x/y/z",
    "/members/.hidden",
    "/members/.git/config",
    "/members/x?y=/public",
    "/members/x?/../../public",
    "/public/../members/x",
    "/public/./../members/x",
    "//members/x",
    "/members//x",
    "/./members/x",
    "/x/..//members/x",
    "/public/%2e%2e/members/x",
    "/public/%2E./members/x",
    "/public/.%2e/members/x",
    "/%6dembers/x",
    "/members%2Fx",
    "/public%2F..%2Fmembers%2Fx",
    "/members/x%0A",
    "/members/%0Ax",
    "/members/a%0D%0Ab/c",
    "/members/%E2%80%A8",
    "/members/%C2%85",
    "/members/x\n",
    "/members/\u2029/y",
    "http://host/members/x",
    "HTTP://user@host:80/members/x",
    "http://host//members/x",
    "http://host/public/../members/x",
    "members/x",
    "/members/x#",
    "/members/x#/../../public",
    "/public#/../members/x",
    "/members/x;/../public",
    "/members/%",
    "/members/%zz",
    "/members/%ff",
    "/members/\u00ff",
    "/members/%00",
    "/members/x%00.txt",
    "/public%00/../members/x",
    "/../members/x",
    "/../../etc/passwd",
    "/members/[x]",
    "/members/{a,b}",
    "/members/!x",
    "/members/*",
    "/members/\\x",
    `/members/${"x/".repeat(500)}`,
    `/members/${"x".repeat(60_000)}`,
    "/members/..%00/public",
  ])("%j is denied by the stricter one, not admitted by the general one", async (target) => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), members)]);
    const peer = await connect();

    expectDenied(await peer.send(authorize(1, target)).answer(1), 403);
  });

  test.each(["/public", "/", "/membersonly", "/public/members/x", "/members/../public", "/x?/members/y"])(
    "%j is outside its glob",
    async (target) => {
      const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), members)]);
      const peer = await connect();

      expect((await peer.send(authorize(1, target)).answer(1)).status).toBe(200);
    },
  );

  test("the stricter one is asked too, despite an escaped or trailing slash", async () => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), "/one/*", "/two/x")]);
    const peer = await connect();
    for (const target of ["/one/a%2Fb", "/one/a%2fb", "/one/a/", "/two/x/"]) {
      expectDenied(await peer.send(authorize(1, target)).answer(1), 403);
    }
    expect((await peer.send(authorize(1, "/one/a/b")).answer(1)).status).toBe(200);
  });

  test.each([
    "/x.txt",
    "/a/b/x.txt",
    "/a/.txt",
    "/x%2etxt",
    "/x.txt?y.html",
    "/a%2Fx.txt",
    "/x\n.txt",
    "/x.tx%74",
  ])("a glob without a slash matches the last segment: %j", async (target) => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), "*.txt")]);
    const peer = await connect();

    expectDenied(await peer.send(authorize(1, target)).answer(1), 403);
  });

  test("without REQUEST_URI the target is unknown, so every authorizer must allow", async () => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), members)]);
    const peer = await connect();
    peer.send(begin(1, Authorizer), params(1, { REQUEST_METHOD: "GET" }));

    expectDenied(await peer.answer(1));
  });

  test("what a client can append to a script's name does not choose the authorizer", async () => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), members)]);
    const peer = await connect();
    // Section 6.3 leaves both variables out for authorizers; a server that sends them must not weaken the decision.
    peer.send(
      authorize(1, "/members/x/public", { params: { SCRIPT_NAME: "/members/x", PATH_INFO: "/public" } }),
    );

    expectDenied(await peer.answer(1), 403);
  });

  test("a declared mount is removed first", async () => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), members)], {
      dispatcher: { mount: "/app" },
    });
    const peer = await connect();
    expectDenied(await peer.send(authorize(1, "/app/members/x")).answer(1), 403);
    expectDenied(await peer.send(authorize(1, "/app/../app/members/x")).answer(1), 403);
    expectDenied(await peer.send(authorize(1, "/%61pp/members/x")).answer(1), 403);
    expectDenied(await peer.send(authorize(1, "//app/members/x")).answer(1), 403);
    expect((await peer.send(authorize(1, "/app/public")).answer(1)).status).toBe(200);
  });

  test.each(["/card", "/card/", "/CARD/", "//card", "/card/?x"])(
    "%j is denied by the authorizer of the path without a slash, which routes treat alike",
    async (target) => {
      const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), "/card")]);
      const peer = await connect();

      expectDenied(await peer.send(authorize(1, target)).answer(1), 403);
    },
  );

  test("a path with a trailing slash is denied if only the path without it is declared", async () => {
    const { connect } = await serveDefinitions([gate(() => allow(), "/card")]);
    const peer = await connect();

    expect((await peer.send(authorize(1, "/card")).answer(1)).status).toBe(200);
    expectDenied(await peer.send(authorize(1, "/card/")).answer(1), 403);
  });

  test.each([
    ["/a/b.txt", "/a/b.txt", 200],
    ["/a%2Fb.txt", "/a/b.txt", 200],
    ["/a%25b.txt", "/a%b.txt", 403],
    ["/a%2525b.txt", "/a%25b.txt", 200],
  ])("%s, which is the document %s, is decided by both", async (target, document, status) => {
    const { connect } = await serveDefinitions([gate(() => allow()), gate(() => deny(), "/a%b.txt")]);
    const peer = await connect();
    peer.send(authorize(1, target, { params: { DOCUMENT_URI: document } }));

    expect((await peer.answer(1)).status).toBe(status);
  });
});
