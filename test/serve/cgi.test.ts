// The same file as a CGI program (RFC 3875): one request, its environment and standard input, and an exit.
import { describe, expect, test } from "vitest";

import { NodeProcess } from "../support/node-process.js";
import { lifeOf, logged, plainErrors, shop } from "./support.js";

interface CgiAnswer {
  readonly code: number | string;
  readonly head: readonly string[];
  readonly body: string;
  readonly errors: readonly string[];
  /** Set where the program has left before its input was read. */
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

  test("does not leave HTTP_PROXY in its environment, which a client sets by a header (CVE-2016-5385)", async () => {
    const answer = await cgi("/proxy", { env: { HTTP_PROXY: "http://192.0.2.66:8080" } });
    expect(answer.body).toBe("undefined");
  });

  test("starts what is injected before the answer, and stops it behind", async () => {
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

  test("streams a large body through", async () => {
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

  test("takes a body that nobody wants before it leaves: mod_cgid would drop the answer", async () => {
    const answer = await cgi("/nowhere", { body: "x".repeat(10_000_000) });
    expect(answer.head[0]).toBe("Status: 404 Not Found");
    expect(answer.inputError).toBeFalsy();
  });

  test("exits with the application status", async () => {
    const answer = await cgi("/status");
    expect(answer.head[0]).toBe("Status: 410 Gone");
    expect(answer.code).toBe(3);
  });

  test("an application status that no exit code can hold is the highest one, not 0", async () => {
    expect((await cgi("/status", { env: { QUERY_STRING: "status=256" } })).code).toBe(255);
  });

  test("tells of a failure on standard error in one line, and keeps it from the client", async () => {
    const answer = await cgi("/broken");
    expect(answer.head[0]).toBe("Status: 500 Internal Server Error");
    expect(answer.errors).toEqual(["tricorn: GET /broken failed: Error: the till is stuck"]);
    expect(answer.body).not.toContain("till");
  });

  test("exits with 1 and without an answer where it cannot start", async () => {
    const answer = await cgi("/hello", { env: { FAIL: "onStart" } });
    expect(answer.code).toBe(1);
    expect(answer.errors.find((line) => line !== "")).toBe(
      "Cannot start application: onStart of Shop failed: the key is lost",
    );
  });

  test("an address counts more than the environment of a CGI program", async () => {
    const env = { GATEWAY_INTERFACE: "CGI/1.1", REQUEST_METHOD: "GET" };
    const process = new NodeProcess(shop("127.0.0.1:0"), { env });
    expect(await process.address()).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});
