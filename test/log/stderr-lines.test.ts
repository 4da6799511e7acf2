// Lines on FCGI_STDERR: after the header block, one clean line per record.
import pino from "pino";
import { describe, expect, test } from "vitest";

import { createApplication } from "../../src/application.js";
import type { StderrLines } from "../../src/index.js";
import { HttpError } from "../../src/http/http-error.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { allow, deny } from "../../src/roles/verdict.js";
import type { Answer } from "../support/answer.js";
import { abort, authorize, begin, filter, get, params, Type, variablesOf } from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";

type Handler = (request: ResponderRequest) => unknown;

/** The answer to GET / if a handler logs. */
async function ask(
  handler: Handler,
  { stderr = "warnings", params: more = {} }: { stderr?: StderrLines; params?: Record<string, string> } = {},
) {
  const { connect, log } = await serveDefinitions([responder({ "GET /": handler })], {
    dispatcher: { stderr, secrets: ["HTTP_X_API_KEY"] },
  });
  const answer = await (await connect()).send(get(1, "/", { params: more })).answer(1);
  return { answer, log, lines: linesOf(answer) };
}

/** The records of STDERR, each as text. */
function linesOf({ records }: Pick<Answer, "records">): string[] {
  return records.filter(({ type }) => type === Type.stderr).map(({ content }) => content.toString());
}

const typesOf = ({ records }: Answer): number[] => records.map(({ type }) => type);

describe("warnings of a handler", () => {
  test("are sent after a complete answer, each in its own record, from warn on", async () => {
    const { answer, lines, log } = await ask(({ log }) => {
      log.debug("not told");
      log.info("not told");
      log.warn("low stock");
      log.error("no stock");
      log.fatal("no shop");
      return "sold";
    });
    expect(lines).toEqual([
      "tricorn: GET /: warn: low stock\n",
      "tricorn: GET /: error: no stock\n",
      "tricorn: GET /: fatal: no shop\n",
    ]);
    // Head, body, the lines, the end of STDOUT, END_REQUEST.
    expect(typesOf(answer)).toEqual([6, 6, 7, 7, 7, 6, 3]);
    expect(answer).toMatchObject({ status: 200, text: "sold" });
    expect(log.map(({ msg }) => msg)).toEqual(["not told", "not told", "low stock", "no stock", "no shop"]);
    expect(log[2]).toMatchObject({ level: 40, requestId: 1, route: "GET /" });
  });

  test("wait for the header block of a stream, and are then sent at once", async () => {
    const more = deferred();
    const { connect } = await serveDefinitions(
      [
        responder({
          "GET /": ({ log }) => {
            log.warn("before");
            return (async function* () {
              yield "first ";
              log.warn("between");
              await more.promise;
              yield "last";
            })();
          },
        }),
      ],
      { dispatcher: { stderr: "warnings" } },
    );
    const peer = await connect();
    peer.send(get(1, "/"));
    const seen = [await peer.record(), await peer.record(), await peer.record(), await peer.record()];
    expect(seen.map(({ type }) => type)).toEqual([Type.stdout, Type.stderr, Type.stdout, Type.stderr]);
    expect(seen.map(({ content }) => content.toString()).slice(1)).toEqual([
      "tricorn: GET /: warn: before\n",
      "first ",
      "tricorn: GET /: warn: between\n",
    ]);
    more.resolve();
    expect((await peer.answer(1)).text).toBe("first last");
  });

  test("exclude control characters, fields and secrets, and have a bounded length", async () => {
    const headers = { HTTP_AUTHORIZATION: "Bearer top-secret", HTTP_X_API_KEY: "key-1234" };
    const { lines } = await ask(
      ({ log, headers }) => {
        log.warn(`one\ntwo\r\0three\u2028four\u001b[31m`);
        log.warn({ password: "hidden-field" }, "x".repeat(2000));
        log.warn("from %s with %s", headers.get("authorization") ?? "", headers.get("x-api-key") ?? "");
        return "";
      },
      { params: headers },
    );
    expect(lines[0]).toBe("tricorn: GET /: warn: one two three four [31m\n");
    expect(lines[1]).toMatch(/^tricorn: GET \/: warn: x{477}…\n$/);
    expect(lines[1]).toHaveLength(501);
    expect(lines[2]).toBe("tricorn: GET /: warn: from [redacted] with [redacted]\n");
  });

  test.each<[string, (log: pino.Logger) => void, string]>([
    ["an error", (log) => log.warn(new TypeError("no till")), "warn: TypeError: no till"],
    [
      "an error and a message",
      (log) => log.error(new Error("no till"), "broken"),
      "error: broken: Error: no till",
    ],
    ["fields with an error", (log) => log.error({ err: new Error("a") }, "b %d", 3), "error: b 3: Error: a"],
    ["fields with a message", (log) => log.warn({ msg: "as a field", more: 1 }), "warn: as a field"],
    ["fields alone", (log) => log.warn({ more: 1 }), "warn"],
    ["nothing", (log) => log.warn(undefined), "warn"],
    ["placeholders", (log) => log.warn("%s is %d%% of %j", "it", 5, { a: 1 }), 'warn: it is 5% of {"a":1}'],
    ["more values than placeholders", (log) => Reflect.apply(log.warn, log, ["a %s", "b", "c"]), "warn: a b"],
  ])("report %s as their message and error", async (_what, write, told) => {
    const { lines } = await ask(({ log }) => {
      write(log);
      return "";
    });
    expect(lines).toEqual([`tricorn: GET /: ${told}\n`]);
  });

  test("are limited to 20 per request, and the last one says so", async () => {
    const { lines, log } = await ask(({ log }) => {
      for (let line = 1; line <= 50; line += 1) log.warn(`line ${line}`);
      return "";
    });
    expect(lines).toHaveLength(20);
    expect(lines[18]).toBe("tricorn: GET /: warn: line 19\n");
    expect(lines[19]).toBe("tricorn: GET /: warn: more lines of this request are left out\n");
    expect(log).toHaveLength(50);
  });

  test("are sent for children of the logger too, at any level and with any bindings", async () => {
    const { lines, log } = await ask((request) => {
      const { log } = request;
      log.level = "error";
      log.warn("suppressed");
      log.level = "trace";
      log.setBindings({ bound: "yes" });
      log.warn("one");
      const child = log.child({ part: "till" }, { level: "warn" });
      child.child({ more: 1 }).warn("two");
      expect([child.level, child.isLevelEnabled("info"), request.log === log]).toEqual(["warn", false, true]);
      return "";
    });
    expect(lines).toEqual(["tricorn: GET /: warn: one\n", "tricorn: GET /: warn: two\n"]);
    expect(log).toHaveLength(2);
    expect(log[0]).toMatchObject({ msg: "one", bound: "yes", requestId: 1 });
    expect(log[1]).toMatchObject({ msg: "two", bound: "yes", part: "till", more: 1, requestId: 1 });
  });

  test("are sent even if the logger throws, which the handler sees", async () => {
    const log = pino({ level: "info" }, { write: full });
    const { connect } = await serveDefinitions(
      [
        responder({
          "GET /": ({ log }) => {
            expect(() => log.warn("before the disk was full")).toThrow("no space left on device");
            return "answered";
          },
        }),
      ],
      { dispatcher: { stderr: "warnings", log } },
    );
    const answer = await (await connect()).send(get(1, "/")).answer(1);
    expect(answer.text).toBe("answered");
    expect(linesOf(answer)).toEqual(["tricorn: GET /: warn: before the disk was full\n"]);
  });

  test("that are late go only to the log", async () => {
    const { lines, log } = await ask(({ log }) => {
      queueMicrotask(() => log.warn("too late"));
      return "";
    });
    await turns();
    expect([lines, log.map(({ msg }) => msg)]).toEqual([[], ["too late"]]);
  });

  test("do not replace an answer that the Web server aborted", async () => {
    const { connect } = await serveDefinitions(
      [
        responder({
          "GET /": ({ log }) => {
            log.warn("before");
            return new Promise(() => undefined);
          },
        }),
      ],
      { dispatcher: { stderr: "warnings" } },
    );
    const peer = await connect();
    peer.send(get(1, "/"), abort(1));
    expect(typesOf(await peer.answer(1))).toEqual([Type.stdout, Type.end]);
  });
});

function full(): never {
  throw new Error("no space left on device");
}

describe("what is sent", () => {
  const failing: Handler = ({ log }) => {
    log.warn("about to fail");
    throw new Error("failed");
  };
  const failure = "tricorn: GET / failed: Error: failed\n";

  test.each<[StderrLines, string[]]>([
    ["off", []],
    ["failures", [failure]],
    ["warnings", ["tricorn: GET /: warn: about to fail\n", failure]],
  ])("for a failing handler with %s, regardless of the log", async (stderr, told) => {
    const { answer, lines, log } = await ask(failing, { stderr });
    expect(answer.status).toBe(500);
    expect(lines).toEqual(told);
    expect(log.map(({ msg }) => msg)).toEqual(["about to fail", "Cannot complete request: GET / failed"]);
  });

  test.each<[StderrLines, number]>([
    ["off", 0],
    ["failures", 1],
    ["warnings", 1],
  ])("for an HttpError of the server with %s", async (stderr, count) => {
    const { answer, lines } = await ask(
      () => {
        throw new HttpError(503, "Closed for lunch.");
      },
      { stderr },
    );
    expect([answer.status, lines.length]).toEqual([503, count]);
  });

  test.each<[StderrLines, string[]]>([
    ["off", []],
    ["failures", []],
    ["warnings", ["tricorn: refused request: PARAMS are longer than 10 bytes\n"]],
  ])("for a refused request with %s", async (stderr, told) => {
    const { connect } = await serveDefinitions([responder({ "GET /": () => "" })], {
      dispatcher: { stderr },
      server: { limits: { paramsBytes: 10 } },
    });
    const answer = await (await connect()).send(get(1, "/")).answer(1);
    expect([answer.status, linesOf(answer)]).toEqual([431, told]);
  });

  test.each([
    ["warnings", 1],
    ["failures", 0],
  ] as const)(
    "for a responder that answers instead of an authorizer, once, with %s",
    async (stderr, count) => {
      const gate = { kind: "authorizer", name: "Gate", paths: ["/gated"], authorize: () => allow() } as const;
      const { connect } = await serveDefinitions([gate, responder({ "GET /gated": () => "" })], {
        dispatcher: { stderr },
      });
      const peer = await connect();
      const params = { SERVER_SOFTWARE: "nginx/1.22.1" };
      const lines = [];
      for (const id of [1, 2])
        lines.push(...linesOf(await peer.send(get(id, "/gated", { params })).answer(id)));
      expect(lines).toHaveLength(count);
      for (const line of lines) expect(line).toMatch(/did not ask its authorizer/);
    },
  );

  test("is one of three values", () => {
    expect(() => createApplication({ controllers: [], stderr: "warning" as StderrLines })).toThrow(
      expect.objectContaining({
        code: "ERR_STDERR_LINES",
        message: 'Cannot create application: stderr is "warning"; use one of off, failures, warnings',
      }),
    );
  });
});

describe("the other roles", () => {
  test("an authorizer's warnings are sent after its whole decision", async () => {
    const { connect } = await serveDefinitions(
      [
        {
          kind: "authorizer",
          name: "Gate",
          paths: ["/in", "/out", "/fails"],
          authorize: ({ log, path }) => {
            log.warn("looked");
            if (path === "/fails") throw new Error("no key");
            return path === "/in" ? allow({ USER: "ada" }) : deny(403);
          },
        },
      ],
      { dispatcher: { stderr: "warnings" } },
    );
    const peer = await connect();
    const answers = [];
    for (const [index, path] of ["/in", "/out", "/fails", "/elsewhere"].entries()) {
      answers.push(await peer.send(authorize(index + 1, path)).answer(index + 1));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 500, 403]);
    expect(answers[0]!.head).toBe("Status: 200 OK\r\nVariable-USER: ada");
    // The whole decision, the lines, the end of STDOUT, END_REQUEST.
    expect(typesOf(answers[0]!)).toEqual([6, 7, 6, 3]);
    expect(answers.map(linesOf)).toEqual([
      ["tricorn: Gate: warn: looked\n"],
      ["tricorn: Gate: warn: looked\n"],
      ["tricorn: Gate: warn: looked\n", "tricorn: Gate failed: Error: no key\n"],
      ["tricorn: GET: warn: Denied: no authorizer decides about this path\n"],
    ]);
  });

  test("a filter's warnings are sent", async () => {
    const { connect } = await serveDefinitions(
      [
        {
          kind: "filter",
          name: "Upper",
          paths: ["*.txt"],
          filter: async ({ log, data }) => {
            log.warn("odd file");
            return data;
          },
        },
      ],
      { dispatcher: { stderr: "warnings" } },
    );
    const answer = await (await connect()).send(filter(1, "/a.txt", "abc")).answer(1);
    expect([answer.text, linesOf(answer)]).toEqual(["abc", ["tricorn: Upper: warn: odd file\n"]]);
  });

  test.each([
    ["with an answer", "answer", [6, 7, 7, 6, 3]],
    ["without one", "", [7, 7, 6, 3]],
  ])("a custom role sends its warnings %s", async (_how, content, types) => {
    const { connect } = await serveDefinitions(
      [
        {
          kind: "role",
          number: 77,
          name: "Own",
          inputs: { stdin: false, data: false },
          handle: (exchange, { log }) => {
            log.warn("odd");
            exchange.warn("its own words\n");
            if (content !== "") exchange.write(content);
            exchange.end();
          },
        },
      ],
      { dispatcher: { stderr: "warnings" } },
    );
    const peer = await connect();
    const answer = await peer.send(begin(1, 77), params(1, variablesOf("/"))).answer(1);
    expect(typesOf(answer)).toEqual(types);
    expect(linesOf(answer)).toEqual(["tricorn: Own: warn: odd\n", "its own words\n"]);
  });
});
