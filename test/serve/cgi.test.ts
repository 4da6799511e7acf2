// The same file as a CGI program (RFC 3875): one request, its environment and standard input, and an exit.
import { describe, expect, test } from "vitest";

import { INTERNAL_ERROR } from "../support/answer.js";
import { NodeProcess, commandOf } from "../support/node-process.js";
import { lifeOf, logged, plainErrors, shop } from "./support.js";

const started = commandOf("test/support/web-servers/programs/started.ts");

interface CgiAnswer {
  readonly code: number | string;
  readonly head: readonly string[];
  readonly body: string;
  readonly errors: readonly string[];
  /** Set if the program exited before its input was read. */
  readonly inputError: Error | null | undefined;
  readonly process: NodeProcess;
}

/** Runs the shop as a Web server would for one request. */
async function cgi(
  path: string,
  { body, env }: { readonly body?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CgiAnswer> {
  const process = new NodeProcess(shop(), {
    stdin: body === undefined ? "ignore" : "pipe",
    env: {
      GATEWAY_INTERFACE: "CGI/1.1",
      SERVER_PROTOCOL: "HTTP/1.1",
      REQUEST_METHOD: body === undefined ? "GET" : "POST",
      SCRIPT_NAME: "",
      PATH_INFO: path,
      QUERY_STRING: "",
      REMOTE_ADDR: "192.0.2.1",
      ...(body !== undefined && { CONTENT_LENGTH: String(Buffer.byteLength(body)) }),
      ...env,
    },
  });
  const inputError = body === undefined ? undefined : await process.input(body);
  const code = await process.ended;
  const lines = process.output;
  const blank = lines.indexOf("");
  return {
    code,
    head: lines.slice(0, blank),
    body: lines.slice(blank + 1).join("\n"),
    errors: plainErrors(process),
    inputError,
    process,
  };
}

describe("serve as a CGI program", () => {
  test("answers a GET from its environment, and exits with 0", async () => {
    const answer = await cgi("/hello");
    expect(answer).toMatchObject({ code: 0, body: "hello 192.0.2.1", errors: [] });
    expect(answer.head).toContain("Status: 200 OK");
    expect(logged(answer.process)).toEqual([]);
  });

  test("removes HTTP_PROXY from its environment, which a client sets by a header (CVE-2016-5385)", async () => {
    const answer = await cgi("/proxy", { env: { HTTP_PROXY: "http://192.0.2.66:8080" } });
    expect(answer.body).toBe("undefined");
  });

  test("starts what is injected before the answer, and stops it after", async () => {
    const { process } = await cgi("/hello");
    expect(lifeOf(process)).toEqual(["start Stock", "start Shop with Stock", "stop Shop", "stop Stock"]);
  });

  test("answers a POST from its standard input", async () => {
    const answer = await cgi("/sum", {
      body: JSON.stringify({ numbers: [1, 2, 3.5] }),
      env: { CONTENT_TYPE: "application/json" },
    });
    expect(answer.body).toMatch(/^\{"sum":6\.5\}/);
    expect(answer.code).toBe(0);
  });

  test("streams a large body", async () => {
    const body = "0123456789".repeat(100_000);
    const answer = await cgi("/echo", { body });
    expect(answer.body).toContain(`begun ${body} done`);
  });

  test("refuses a body that is shorter than CONTENT_LENGTH", async () => {
    const answer = await cgi("/sum", {
      body: "{}",
      env: { CONTENT_TYPE: "application/json", CONTENT_LENGTH: "99" },
    });
    expect(answer.head[0]).toBe("Status: 400 Bad Request");
  });

  test("drains an unread body before it exits: mod_cgid would drop the answer", async () => {
    const answer = await cgi("/nowhere", { body: "x".repeat(10_000_000) });
    expect(answer.head[0]).toBe("Status: 404 Not Found");
    expect(answer.inputError).toBeFalsy();
  });

  test("exits with the application status", async () => {
    const answer = await cgi("/status");
    expect(answer.head[0]).toBe("Status: 410 Gone");
    expect(answer.code).toBe(3);
  });

  test("maps an application status without an exit code to the highest one, not 0", async () => {
    expect((await cgi("/status", { env: { QUERY_STRING: "status=256" } })).code).toBe(255);
  });

  test("reports a failure on standard error in one line, and hides it from the client", async () => {
    const answer = await cgi("/broken");
    expect(answer.head[0]).toBe("Status: 500 Internal Server Error");
    expect(answer.errors).toEqual(["tricorn: GET /broken failed: Error: the till is stuck"]);
    expect(answer.body).not.toContain("till");
  });

  test("exits with 1 and without an answer if it cannot start", async () => {
    const answer = await cgi("/hello", { env: { FAIL: "onStart" } });
    expect(answer.code).toBe(1);
    expect(answer.errors.find((line) => line !== "")).toBe(
      "Cannot start application: onStart of Shop failed: the key is lost",
    );
  });

  test("reads no body without a length or chunks, even with data on standard input", async () => {
    const env = { CONTENT_TYPE: "application/json", CONTENT_LENGTH: "" };
    expect((await cgi("/sum", { body: '{"numbers":[1]}', env })).head[0]).toBe("Status: 400 Bad Request");
    const chunked = { ...env, HTTP_TRANSFER_ENCODING: "chunked" };
    expect((await cgi("/sum", { body: '{"numbers":[1]}', env: chunked })).body).toMatch(/^\{"sum":1\}/);
  });

  test("prefers an address to the environment of a CGI program", async () => {
    const env = { GATEWAY_INTERFACE: "CGI/1.1", REQUEST_METHOD: "GET" };
    const process = new NodeProcess(shop("127.0.0.1:0"), { env });
    expect(await process.address()).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

/** The variables of a request to the program `started`. */
function request(target: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { GATEWAY_INTERFACE: "CGI/1.1", REQUEST_METHOD: "GET", REQUEST_URI: target, ...more };
}

function bodyOf({ output }: NodeProcess): string {
  return output.slice(output.indexOf("") + 1).join("\n");
}

describe("a CGI program", () => {
  test("has its request in params and not in its environment, where the rest stays", async () => {
    const variables = request("/process", {
      HTTP_COOKIE: "session=s3cret",
      HTTP_PROXY: "http://192.0.2.66:8080",
      QUERY_STRING: "",
      REMOTE_USER: "ada",
      DATABASE_URL: "postgres://localhost/hats",
    });
    const process = new NodeProcess(started, { env: variables });
    expect(await process.ended).toBe(0);
    const { environment } = JSON.parse(bodyOf(process)) as { environment: Record<string, string> };
    expect(environment).toEqual({
      PATH: globalThis.process.env["PATH"],
      DATABASE_URL: variables["DATABASE_URL"],
    });

    const other = new NodeProcess(started, { env: { ...variables, REQUEST_URI: "/params" } });
    expect(await other.ended).toBe(0);
    const { HTTP_PROXY: _, ...taken } = variables;
    expect(JSON.parse(bodyOf(other))).toMatchObject({ ...taken, REQUEST_URI: "/params" });
  });

  test("ignores arguments, which are the client's (RFC 3875, section 4.4)", async () => {
    const args = ["--inspect=0.0.0.0:9229", "127.0.0.1:0", "-e", "process.exit(7)"];
    const process = new NodeProcess([...started, ...args], { env: request("/process") });
    expect(await process.ended).toBe(0);
    expect(JSON.parse(bodyOf(process))).toMatchObject({ arguments: args });
    expect(process.errors).toEqual(["stopped"]);
  });

  test("ends when it has answered, despite timers of the application", async () => {
    const process = new NodeProcess(started, { env: request("/warn", { STARTED_TIMER: "yes" }) });
    expect(await process.ended).toBe(0);
    expect(bodyOf(process)).toBe("warned");
    expect(process.errors.at(-1)).toBe("stopped");
  });

  test("ends when it has answered, even if standard input stays open and has more data", async () => {
    const variables = { REQUEST_METHOD: "POST", CONTENT_LENGTH: "5" };
    const process = new NodeProcess(started, { env: request("/echo", variables), stdin: "pipe" });
    process.write("hello, and more");
    expect(await process.ended).toBe(0);
    expect(bodyOf(process)).toBe("begun hello done");
  });

  test("answers with 504 if the handler takes too long, even if nothing else keeps the process alive", async () => {
    const process = new NodeProcess(started, { env: request("/hang", { STARTED_LIMIT: "100" }) });
    expect(await process.ended).toBe(0);
    expect(process.output[0]).toBe("Status: 504 Gateway Timeout");
  });

  test.each(["SIGTERM", "SIGUSR1"] as const)(
    "aborts its request at %s, and stops the application",
    async (signal) => {
      const process = new NodeProcess(started, { env: request("/hang") });
      await process.line(/"msg":"hanging"/);
      process.kill(signal);
      expect(await process.ended).toBe(0);
      expect(process.output).toEqual([]);
      expect(process.errors.filter((line) => /"msg":"aborted"|^stopped$/.test(line))).toHaveLength(2);
    },
  );

  test("silently aborts its request if its output is closed", async () => {
    const process = new NodeProcess(started, { env: request("/pour") });
    await process.line(/^x/);
    process.closeOutput();
    expect(await process.ended).toBe(0);
    expect(process.errors).toEqual(["stopped"]);
  });

  test("exits with 1 if its answer is aborted, which is all it can report", async () => {
    const process = new NodeProcess(started, { env: request("/break") });
    expect(await process.ended).toBe(1);
    expect(bodyOf(process)).toBe("half of it");
    expect(plainErrors(process)).toEqual(["tricorn: GET /break failed: Error: broken", "stopped"]);
  });

  test("finishes its answer after an uncaught error, and exits with 1", async () => {
    const process = new NodeProcess(started, { env: request("/careless") });
    expect(await process.ended).toBe(1);
    expect(bodyOf(process)).toBe("careless");
    expect(logged(process)).toEqual(["Uncaught error"]);
  });

  test.each([
    ["standard error closed", "2>&-"],
    ["standard input and error closed", "0<&- 2>&-"],
    ["standard error full", "2>/dev/full"],
  ])("answers with %s, and never writes anything else to standard output", async (_what, redirections) => {
    for (const [target, body] of [
      ["/warn", "warned"],
      ["/fail", INTERNAL_ERROR],
    ] as const) {
      const command = ["sh", "-c", `exec "$@" ${redirections}`, "sh", ...started] as const;
      const process = new NodeProcess([...command], { env: request(target) });
      expect(await process.ended).toBe(0);
      expect(process.output[0]).toMatch(/^Status: (?:200|500) /);
      expect(bodyOf(process)).toBe(body);
    }
  });

  test.each(["stdout", "fd:1"])("does not start with TRICORN_LOG=%s: its answer says so", async (named) => {
    const process = new NodeProcess(started, { env: request("/warn", { TRICORN_LOG: named }) });
    expect(await process.ended).toBe(1);
    expect(process.output).toEqual([]);
    expect(process.errors.join("\n")).toContain(
      `Cannot log to "${named}", which TRICORN_LOG names: it carries the answer of a CGI program`,
    );
  });

  test("says in one sentence what is wrong with its options, before anything starts", async () => {
    const env = request("/warn", { FCGI_WEB_SERVER_ADDRS: "nonsense" });
    const process = new NodeProcess(started, { env });
    expect([await process.ended, process.output, logged(process)]).toEqual([1, [], []]);
    expect(process.errors.find((line) => line !== "")).toBe(
      'Cannot restrict peers: "nonsense" is not an IP address or network',
    );
    expect(process.errors).not.toContain("stopped");
  });

  test("writes nothing to standard output if it cannot start and standard error is closed", async () => {
    const command = ["sh", "-c", 'exec "$@" 2>/dev/null', "sh", ...started] as const;
    const env = request("/warn", { FCGI_WEB_SERVER_ADDRS: "nonsense" });
    const process = new NodeProcess([...command], { env });
    expect([await process.ended, process.output]).toEqual([1, []]);
  });
});
