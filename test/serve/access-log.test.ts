// The access log of a process: JSON in a file or a pipe, text on a terminal.
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { NodeProcess, commandOf } from "../support/node-process.js";
import { socketPath } from "./support.js";

const program = commandOf("test/serve/apps/members.ts");
const OPTIONS = JSON.stringify({ accessLog: true, vouchesFor: ["AUTH_USER"] });

async function ask(address: string, target: string, params: Record<string, string> = {}): Promise<number> {
  const client = new FastCgiClient({ address });
  const answer = await client.request({ params: { REQUEST_METHOD: "GET", REQUEST_URI: target, ...params } });
  await answer.text();
  await client.close();
  return answer.status;
}

function requestsIn(lines: readonly string[]): Record<string, unknown>[] {
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === "request");
}

describe("the access log", () => {
  test("is a line of JSON for each request, without its query", async () => {
    const process = new NodeProcess([...program, "127.0.0.1:0"], { env: { OPTIONS } });
    const address = await process.address();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect(await ask(address, "/page?token=s3cret", { HTTP_TRACEPARENT: traceparent })).toBe(200);
    expect(await ask(address, "/nowhere")).toBe(404);
    await expect.poll(() => requestsIn(process.errors)).toHaveLength(2);
    const [first, second] = requestsIn(process.errors);
    expect(first).toMatchObject({
      level: 30,
      id: expect.stringMatching(/^[\w-]+$/),
      role: "responder",
      method: "GET",
      path: "/page",
      route: "GET /page",
      status: 200,
      ms: expect.any(Number),
      bytesIn: 0,
      bytesOut: 7,
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    });
    expect(second).toMatchObject({ path: "/nowhere", status: 404 });
    expect(second!["id"]).not.toBe(first!["id"]);
    expect(process.errors.join("")).not.toContain("s3cret");
  });

  test("is a readable line on a terminal", async () => {
    const path = socketPath();
    const command = [...program, path].map((word) => `'${word}'`).join(" ");
    const process = new NodeProcess(["script", "-qec", command, "/dev/null"], { env: { OPTIONS } });
    await expect.poll(() => existsSync(path)).toBe(true);
    await process.line(/Listening on/);
    expect(await ask(path, "/page?token=s3cret")).toBe(200);
    const [line] = await process.line(/^\d\d:\d\d:\d\d responder +GET \/page 200 \d+\.\d ms/);
    expect(line).not.toContain("{");
    expect(process.output.join("")).not.toContain("s3cret");
    // A path may be long, and try to write more to the terminal; the status is still seen.
    expect(await ask(path, `/\u001b[31m${"x".repeat(5_000)}`)).toBe(404);
    const [hostile] = await process.line(/responder +GET \/ ?\[31mx{190,200}… 404 \d+\.\d ms/);
    expect(hostile).not.toContain("\u001b");
  });

  test("cuts a long method and a long path", async () => {
    const process = new NodeProcess([...program, "127.0.0.1:0"], { env: { OPTIONS } });
    await ask(await process.address(), `/${"x".repeat(5_000)}`, { REQUEST_METHOD: "M".repeat(100) });
    await expect.poll(() => requestsIn(process.errors)).toHaveLength(1);
    const [{ method, path }] = requestsIn(process.errors) as [Record<string, string>];
    expect([method, path]).toEqual([`${"M".repeat(32)}…`, `/${"x".repeat(999)}…`]);
  });

  test("has the code of what has refused a request", async () => {
    const options = { accessLog: true, vouchesFor: ["AUTH_USER"], limits: { paramsBytes: 200 } };
    const process = new NodeProcess([...program, "127.0.0.1:0"], {
      env: { OPTIONS: JSON.stringify(options) },
    });
    expect(await ask(await process.address(), `/${"x".repeat(200)}`)).toBe(431);
    await expect.poll(() => requestsIn(process.errors)).toHaveLength(1);
    expect(requestsIn(process.errors)).toMatchObject([{ status: 431, refused: "ERR_LIMIT_PARAMS" }]);
  });

  test("is not written by default", async () => {
    const process = new NodeProcess([...program, "127.0.0.1:0"], {
      env: { OPTIONS: JSON.stringify({ vouchesFor: ["AUTH_USER"] }) },
    });
    await ask(await process.address(), "/page");
    process.kill("SIGTERM");
    expect(await process.ended).toBe(0);
    expect(requestsIn(process.errors)).toEqual([]);
  });
});
