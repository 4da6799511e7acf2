import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished, test } from "vitest";

import type { RequestEvent } from "../../src/index.js";
import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

function subscribeForTest(channel: string, listen: (message: unknown) => void): void {
  subscribe(channel, listen);
  onTestFinished(() => void unsubscribe(channel, listen));
}

test("what a subscriber throws is an uncaught exception, and the request is answered", async () => {
  subscribeForTest("tricorn.request.end", () => {
    throw new Error("out of disk");
  });
  const uncaught = new Promise<Error>((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
    onTestFinished(() => process.setUncaughtExceptionCaptureCallback(null));
  });
  const peer = await (await serveDefinitions([responder({ "GET /": () => "hello" })])).connect();
  const answer = await peer.send(get(1, "/")).answer(1);
  expect(answer.body.toString()).toBe("hello");
  expect((await uncaught).message).toBe("out of disk");
});

test("the path of an event is as the client wrote it, without the query", async () => {
  const paths: string[] = [];
  subscribeForTest("tricorn.request.start", (event) => void paths.push((event as RequestEvent).path));
  const peer = await (await serveDefinitions([responder({ "GET /": () => "hello" })])).connect();
  await peer.send(get(1, "http://ada:pw@books.example/7;jsessionid=1?key=2")).answer(1);
  expect(paths).toEqual(["http://ada:pw@books.example/7;jsessionid=1"]);
});
