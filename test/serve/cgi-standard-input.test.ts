import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

import { commandOf } from "../support/node-process.js";

const [node, ...application] = commandOf("test/serve/apps/plain.ts");

function start(variables: Record<string, string>) {
  const program = spawn(node, application, {
    env: { ...process.env, GATEWAY_INTERFACE: "CGI/1.1", REQUEST_URI: "/", ...variables },
    stdio: ["pipe", "pipe", "inherit"],
  });
  program.stdin.on("error", () => {});
  return program;
}

/** Runs a CGI program whose server leaves standard input open, as RFC 3875 allows. */
async function run(variables: Record<string, string>, input: string) {
  const program = start(variables);
  program.stdin.write(input);
  const [output] = await Promise.all([text(program.stdout), once(program, "exit")]);
  return output;
}

it("ends the body at CONTENT_LENGTH, even if standard input stays open", async () => {
  const output = await run({ REQUEST_METHOD: "POST", CONTENT_LENGTH: "5" }, "hello, and more");
  expect(output).toMatch(/^Status: 200 OK\r\n[^]*\r\n\r\ngot hello$/);
});

it("exits after an answer that needed no body, even if standard input stays open", async () => {
  const output = await run({ REQUEST_METHOD: "GET" }, "");
  expect(output).toMatch(/^Status: 200 OK\r\n[^]*\r\n\r\ngot$/);
});

// With the smaller one the answer is complete before it is written, with the larger one it is not.
it.each([400_000, 4_000_000])(
  "answers with %i bytes to a server that sends all of an unread body before it reads",
  async (bytes) => {
    const body = Buffer.alloc(8_000_000);
    const length = String(body.length);
    const program = start({ REQUEST_METHOD: "PUT", CONTENT_LENGTH: length, REQUEST_URI: `/?${bytes}` });
    // Node.js reads only a little ahead of the demand.
    program.stdout.pause();
    await new Promise<void>((resolve) => {
      program.stdin.end(body, resolve);
    });
    expect((await text(program.stdout)).length).toBeGreaterThan(bytes);
  },
);
