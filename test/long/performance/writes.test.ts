// What a request costs in system calls and in bytes on the wire. Counts, not times: they are the same on every machine.
import { expect, test } from "vitest";

import { authorize, get, post } from "../../support/records.js";
import { Gate, Site } from "./site.js";
import { connectTo, exchange } from "./support.js";

test.each(["/now", "/soon", "/items/1?page=2"])(
  "a small answer to %s takes one write and three records",
  async (target) => {
    const transport = await connectTo([Site]);
    const [[, answer] = [0, undefined]] = await exchange(transport, get(1, target), 1);
    // STDOUT with header block and body, its end, END_REQUEST. A write for each of them costs 1.9 times as much.
    expect(answer?.status).toBe(200);
    expect(answer?.records).toHaveLength(3);
    expect(transport.writes).toBe(1);
  },
);

test("a decision takes one write and three records", async () => {
  const transport = await connectTo([Gate]);
  const [[, answer] = [0, undefined]] = await exchange(transport, authorize(1, "/"), 1);
  expect(answer?.head).toContain("Variable-AUTH_USER: ada");
  expect(answer?.records).toHaveLength(3);
  expect(transport.writes).toBe(1);
});

test.each(["/now", "/soon"])(
  "32 answers to the requests for %s of one chunk take one write",
  async (target) => {
    const transport = await connectTo([Site]);
    const requests = Buffer.concat(Array.from({ length: 32 }, (_, index) => get(index + 1, target)));
    const answers = await exchange(transport, requests, 32);
    // A write for each costs five times as much.
    expect(answers.map(([, { status }]) => status)).toEqual(Array.from({ length: 32 }, () => 200));
    expect(transport.writes).toBe(1);
  },
);

test("an answer of 1 MiB takes one write, and records that are as full as they can be", async () => {
  const transport = await connectTo([Site]);
  const [[, answer] = [0, undefined]] = await exchange(transport, get(1, "/large"), 1);
  expect(answer?.body).toHaveLength(1024 * 1024);
  // The header block; 17 records of at most 65,528 bytes; the end of STDOUT; END_REQUEST.
  expect(answer?.records).toHaveLength(1 + Math.ceil((1024 * 1024) / 65_528) + 2);
  expect(transport.writes).toBe(1);
});

test("a body that came with its request is echoed in one write", async () => {
  const transport = await connectTo([Site]);
  const [[, answer] = [0, undefined]] = await exchange(transport, post(1, "/echo", "ping"), 1);
  expect(answer?.text).toBe("ping");
  expect(transport.writes).toBe(1);
});

/** Lets everything run that is due in this turn of the event loop; `immediate` waits for the next one. */
const ticks = async (): Promise<void> => {
  for (let tick = 0; tick < 10; tick += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
};
const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what is echoed of two reads of one turn leaves in one write", async () => {
  const body = Buffer.alloc(64 * 1024, "x");
  const request = post(1, "/pieces", body);
  const transport = await connectTo([Site]);
  await immediate();
  // As Node.js reads a socket that has more than 64 KiB: again at once, with ticks in between.
  transport.push(request.subarray(0, 64 * 1024));
  await ticks();
  expect(transport.writes).toBe(0);
  const [[, answer] = [0, undefined]] = await exchange(transport, request.subarray(64 * 1024), 1);
  expect(answer?.body.equals(body)).toBe(true);
  expect(transport.writes).toBe(1);
});

test("what is echoed of a read that nothing follows at once leaves at once", async () => {
  const request = post(1, "/pieces", Buffer.alloc(1000, "x"));
  const transport = await connectTo([Site]);
  await immediate();
  transport.push(request.subarray(0, 900));
  await ticks();
  expect(transport.writes).toBe(1);
  await exchange(transport, request.subarray(900), 1);
  expect(transport.writes).toBe(2);
});
