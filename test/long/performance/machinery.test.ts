// What is made for a request that its handler did not ask for: nothing.
import { createHook } from "node:async_hooks";
import { expect, onTestFinished, test, vi } from "vitest";

import { authorize, get, post } from "../../support/records.js";
import { Gate, Site } from "./site.js";
import { connectTo, exchange } from "./support.js";

const made = vi.hoisted(() => ({ inputStreams: 0 }));

vi.mock(import("../../../src/protocol/input-stream.js"), async (original) => {
  const { InputStream } = await original();
  class CountedInputStream extends InputStream {
    constructor(...args: ConstructorParameters<typeof InputStream>) {
      super(...args);
      made.inputStreams += 1;
    }
  }
  return { InputStream: CountedInputStream };
});

/** So many requests are counted, of which each chunk has some: what the test itself needs vanishes among them. */
const REQUESTS = 1_000;
const IN_A_CHUNK = 50;

/** How many resources of each kind Node.js makes for a request. */
async function resourcesFor(
  request: (id: number) => Buffer,
  controllers = [Site] as readonly (typeof Site)[],
) {
  const transport = await connectTo(controllers);
  const chunk = Buffer.concat(Array.from({ length: IN_A_CHUNK }, (_, index) => request(index + 1)));
  await exchange(transport, chunk, IN_A_CHUNK);
  const counts = new Map<string, number>();
  const hook = createHook({ init: (_id, type) => void counts.set(type, (counts.get(type) ?? 0) + 1) });
  hook.enable();
  for (let sent = 0; sent < REQUESTS; sent += IN_A_CHUNK) await exchange(transport, chunk, IN_A_CHUNK);
  hook.disable();
  return (type: string): number => (counts.get(type) ?? 0) / REQUESTS;
}

/** Counts how often a global class is made. */
function countInstances(name: "AbortController" | "ReadableStream" | "URL" | "Headers"): () => number {
  const original = globalThis[name] as new (...args: never[]) => object;
  let count = 0;
  class Counted extends original {
    constructor(...args: never[]) {
      super(...args);
      count += 1;
    }
  }
  vi.stubGlobal(name, Counted);
  onTestFinished(() => void vi.unstubAllGlobals());
  return () => count;
}

test("a handler that answers at once costs no promise", async () => {
  const perRequest = await resourcesFor((id) => get(id, "/now"));
  // Those of the test are a few for each chunk.
  expect(perRequest("PROMISE")).toBeLessThan(0.5);
});

test("an async handler costs its own promise and one more", async () => {
  const perRequest = await resourcesFor((id) => get(id, "/soon"));
  // The handler's, and the one that sends its reply. More would be a layer of its own.
  expect(perRequest("PROMISE")).toBeLessThan(2.5);
  expect(perRequest("PROMISE")).toBeGreaterThan(1.5);
});

test("arguments that are checked by a schema cost no promise", async () => {
  const perRequest = await resourcesFor((id) => get(id, "/items/1?page=2"));
  expect(perRequest("PROMISE")).toBeLessThan(0.5);
});

test("a decision costs four promises at the most", async () => {
  const perRequest = await resourcesFor((id) => authorize(id, "/"), [Gate as never]);
  // Those of the handler and of deciding, with what awaits the former; the one that sends.
  expect(perRequest("PROMISE")).toBeLessThan(4.5);
  expect(perRequest("PROMISE")).toBeGreaterThan(3.5);
});

test.each([
  ["a responder", (id: number) => get(id, "/soon"), [Site]],
  ["an authorizer", (id: number) => authorize(id, "/"), [Gate]],
] as const)("%s has no timer for each request", async (_role, request, controllers) => {
  // One coarse timer of the server watches every deadline.
  const perRequest = await resourcesFor(request, controllers as never);
  expect(perRequest("Timeout")).toBe(0);
  expect(perRequest("Immediate")).toBe(0);
});

test("a request that nobody asks for more has no signal, stream, URL or headers", async () => {
  const counts = (["AbortController", "ReadableStream", "URL", "Headers"] as const).map(
    (name) => [name, countInstances(name)] as const,
  );
  const transport = await connectTo([Site]);
  made.inputStreams = 0;
  await exchange(transport, Buffer.concat([get(1, "/soon"), get(2, "/items/1?page=2")]), 2);
  expect(Object.fromEntries(counts.map(([name, count]) => [name, count()]))).toEqual({
    AbortController: 0,
    ReadableStream: 0,
    URL: 0,
    Headers: 0,
  });
  expect(made.inputStreams).toBe(0);
});

test("a body makes an input stream, and no web stream where it is taken as bytes", async () => {
  const webStreams = countInstances("ReadableStream");
  const transport = await connectTo([Site]);
  made.inputStreams = 0;
  await exchange(transport, post(1, "/echo", "ping"), 1);
  expect(made.inputStreams).toBe(1);
  expect(webStreams()).toBe(0);
});
