import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";

import { lighttpd } from "../support/web-servers/lighttpd.js";
import { WebServer } from "../support/web-servers/web-server.js";

test("a missing Web server is an error that says so", async () => {
  const kind = { ...lighttpd(() => ""), program: "no-such-server" };
  await expect(WebServer.start(kind)).rejects.toThrow(/^Cannot start no-such-server: it is not installed/);
});

test("a rejected configuration is an error with the Web server's message", async () => {
  await expect(WebServer.start(lighttpd(() => "no.such = "))).rejects.toThrow(
    /^Cannot start lighttpd: it ended with 255\n[^]*parser failed/,
  );
});

test("a stopped Web server leaves nothing behind", async () => {
  const server = await WebServer.start(lighttpd(() => ""));
  onTestFinished(() => server.stop());
  const { url, folder } = server;
  expect((await fetch(url)).status).toBe(403);
  await server.stop();
  expect(existsSync(folder)).toBe(false);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});
