import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, onTestFinished, test } from "vitest";

import { exchanged } from "../gateway/support/raw-http.js";
import { openStage } from "../gateway/support/stage.js";
import { readDocument } from "./blocks.js";

/** The rows of the table: the request, the status, and the result. */
const rows = [
  ...readDocument("docs/express-and-hono.md")
    .split("### Through the gateway")[1]!
    .matchAll(/^\| `([^`]+)`\s+\| (\d{3})(?: to `([^`]+)`)?\s+\|/gm),
].map(([, target = "", status = "", location]) => [target, Number(status), location] as const);

const request = (target: string, more = ""): string =>
  `GET ${Buffer.from(target).toString("latin1")} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;

describe("docs/express-and-hono.md: through the gateway", () => {
  test("has a table of what the gateway does not forward", () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  test.each(rows)(
    "%s is answered with %d, and by node:http with the application's answer",
    async (target, status, location) => {
      const { url, application } = await openStage({
        scripts: { 1: (request) => request.answer("Status: 200\r\n\r\n") },
        routes: { respond: ["/"] },
      });
      const answer = await exchanged(url, request(target));
      expect(answer.split(" ", 2)[1]).toBe(String(status));
      expect(/^Location: (.*)$/m.exec(answer)?.[1]?.trim()).toBe(location);
      expect(application.requests).toEqual([]);

      const server = createServer((request, response) => response.end(request.url)).listen(0, "127.0.0.1");
      onTestFinished(() => void server.close());
      await once(server, "listening");
      const plain = await exchanged(
        `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        request(target),
      );
      expect(plain).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  test.each([
    ["/a?x=%2F..%00%zz//", "", 200],
    ["/a", "Host: b\r\n", 400],
    ["/a", "Transfer-Encoding: gzip, chunked\r\n", 501],
  ])("%s with %j is answered with %d", async (target, more, status) => {
    const { url } = await openStage({
      scripts: { 1: (request) => request.answer("Status: 200\r\n\r\n") },
      routes: { respond: ["/"] },
    });
    expect((await exchanged(url, request(target, more))).split(" ", 2)[1]).toBe(String(status));
  });
});
