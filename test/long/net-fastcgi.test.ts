// The codec against Net::FastCGI (Debian's libnet-fastcgi-perl), an implementation that shares nothing with it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  decodeBeginRequest,
  decodeEndRequest,
  decodeUnknownType,
  encodeBeginRequest,
  encodeEndRequest,
  encodeUnknownType,
} from "../../src/protocol/bodies.js";
import {
  countPairs,
  decodeNameValuePairs,
  encodeNameValuePairs,
  locatePair,
} from "../../src/protocol/name-value.js";
import { Params } from "../../src/protocol/params.js";
import { encodeRecord, encodeStream } from "../../src/protocol/record.js";
import { RecordReader } from "../../src/protocol/record-reader.js";
import { RecordWriter } from "../../src/protocol/record-writer.js";

const SEED = 19_960_429;
const CASES = 400;

const type = fc.integer({ min: 1, max: 11 });
const id = fc.integer({ min: 0, max: 0xffff });
const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: "max" }).map((array) => Buffer.from(array));
const content = fc.oneof(
  { weight: 9, arbitrary: bytes(600) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(16_384, 65_527, 65_528, 65_529, 65_535).map((size) => Buffer.alloc(size, 7)),
  },
);
const text = fc.oneof(
  { weight: 6, arbitrary: bytes(20) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(126, 127, 128, 129, 255, 256, 70_000).map((size) => Buffer.alloc(size, "n")),
  },
);
const pairs = fc.array(fc.tuple(text, text), { maxLength: 12 });
const role = fc.integer({ min: 0, max: 0xffff });

describe("the codec agrees with Net::FastCGI on", () => {
  test("the records that it writes", () => {
    const cases = sample(fc.tuple(type, id, content));
    const theirs = ask(cases.map(([type, id, content]) => `record ${type} ${id} ${hex(content)}`));

    expect(
      cases.map(([type, requestId, content]) => encodeRecord({ type, requestId, content }).toString("hex")),
    ).toEqual(theirs);
    // The queueing writer too.
    expect(cases.map(([type, id, content]) => written((writer) => writer.record(type, id, content)))).toEqual(
      theirs,
    );
  });

  test("the streams that it writes, as they read them", () => {
    const large = fc.integer({ min: 0, max: 200_000 }).map((size) => Buffer.alloc(size, "stream"));
    const cases = sample(fc.tuple(id, fc.oneof(content, large)), 60);
    const ours = cases.map(([requestId, content]) => encodeStream({ type: 5, requestId, content }));
    const theirs = ask(ours.map((stream) => `parse_records ${hex(stream)}`));

    for (const [number, [id, content]] of cases.entries()) {
      const records =
        theirs[number] === "" ? [] : theirs[number]!.split(" ").map((record) => record.split(":"));
      expect(records.every(([type, requestId]) => type === "5" && requestId === String(id))).toBe(true);
      expect(records.map(([, , hex]) => hex).join("")).toBe(content.toString("hex"));
    }
  });

  test("the streams that they write, as it reads them in any chunks", () => {
    const cases = sample(fc.tuple(id, content, fc.integer({ min: 1, max: 500 })), 100);
    const theirs = ask(cases.map(([id, content]) => `stream 5 ${id} ${hex(content)}`));
    for (const [number, [id, content, size]] of cases.entries()) {
      const received = read(Buffer.from(theirs[number]!, "hex"), size);

      expect(Buffer.concat(received.map(({ content }) => content)).equals(content)).toBe(true);
      expect(received.at(-1)?.content).toHaveLength(0);
      expect(received.every((record) => record.type === 5 && record.id === id)).toBe(true);
    }
  });

  test("the bodies of BEGIN_REQUEST, END_REQUEST and UNKNOWN_TYPE, both ways", () => {
    const begins = sample(fc.tuple(role, fc.boolean()));
    const ends = sample(fc.tuple(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 255 })));
    const types = sample(fc.integer({ min: 0, max: 255 }));
    const beginBodies = begins.map(([role, keepConnection]) => encodeBeginRequest({ role, keepConnection }));
    const endBodies = ends.map(([applicationStatus, protocolStatus]) =>
      encodeEndRequest({ applicationStatus, protocolStatus }),
    );
    const typeBodies = types.map((type) => encodeUnknownType(type));

    expect(beginBodies.map(hex)).toEqual(
      ask(begins.map(([role, keep]) => `begin_body ${role} ${Number(keep)}`)),
    );
    expect(endBodies.map(hex)).toEqual(ask(ends.map(([status, end]) => `end_body ${status} ${end}`)));
    expect(typeBodies.map(hex)).toEqual(ask(types.map((type) => `unknown_body ${type}`)));
    expect(
      beginBodies.map((body) => {
        const { role, keepConnection } = decodeBeginRequest(body);
        return `${role}:${Number(keepConnection)}`;
      }),
    ).toEqual(ask(beginBodies.map((body) => `parse_begin_body ${hex(body)}`)));
    expect(
      endBodies.map((body) => {
        const { applicationStatus, protocolStatus } = decodeEndRequest(body);
        return `${applicationStatus}:${protocolStatus}`;
      }),
    ).toEqual(ask(endBodies.map((body) => `parse_end_body ${hex(body)}`)));
    expect(typeBodies.map((body) => String(decodeUnknownType(body)))).toEqual(
      ask(typeBodies.map((body) => `parse_unknown_body ${hex(body)}`)),
    );
  });

  test("the name-value pairs that it writes", () => {
    const cases = sample(pairs);
    const theirs = ask(cases.map((list) => ["pairs", ...list.flat().map(hex)].join(" ")));

    expect(cases.map((list) => hex(encodeNameValuePairs(list)))).toEqual(theirs.map((line) => line || "-"));
  });

  test("the name-value pairs that they write, repeated names set apart", () => {
    const cases = sample(
      fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => hex(name), maxLength: 12 }),
    );
    const blocks = ask(cases.map((list) => ["pairs", ...list.flat().map(hex)].join(" ")));
    for (const [number, list] of cases.entries()) {
      const block = Buffer.from(blocks[number]!, "hex");
      const params = new Params(block);
      const names = list.filter(([name]) => isAscii(name) && name.toString() !== "HTTP_PROXY");

      expect(params.size).toBe(list.length);
      for (const [name, value] of names) expect(params.getBytes(name.toString())?.equals(value)).toBe(true);
    }
  });

  test("which blocks of name-value pairs end inside a pair, and on what the others say", () => {
    // Random bytes, and blocks that were cut or changed.
    const damaged = fc.tuple(pairs, fc.nat(), fc.nat(255)).map(([list, at, byte]) => {
      const block = Buffer.from(encodeNameValuePairs(list));
      if (block.length > 0) block[at % block.length] = byte;
      return block.subarray(0, at % 3 === 0 ? at % (block.length + 1) : block.length);
    });
    const cases = sample(fc.oneof(bytes(40), damaged), 2 * CASES);
    const verdicts = ask(cases.map((block) => `check_pairs ${hex(block)}`));

    expect(cases.map(verdictOf)).toEqual(verdicts);

    const whole = cases.filter((_, number) => verdicts[number] === "whole");
    const theirs = ask(whole.map((block) => `parse_pairs ${hex(block)}`));
    expect(whole.map(lastValues)).toEqual(theirs);
    // The decoder to text says the same of how many there are.
    expect(whole.map((block) => decodeNameValuePairs(block).length)).toEqual(
      whole.map((block) => countPairs(block)),
    );
  });

  test("where a header of another version cannot be read", () => {
    const versions = [0, 2, 3, 127, 128, 255];
    const headers = versions.map((version) => Buffer.from([version, 5, 0, 1, 0, 0, 0, 0]));

    for (const answer of ask(headers.map((header) => `parse_records ${hex(header)}`)))
      expect(answer).toMatch(/^! /);
    for (const header of headers) expect(() => read(header, 8)).toThrow(/version is/);
  });
});

/** The same cases in each run. */
function sample<T>(arbitrary: fc.Arbitrary<T>, count = CASES): T[] {
  return fc.sample(arbitrary, { seed: SEED, numRuns: count });
}

function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? "-" : Buffer.from(bytes).toString("hex");
}

/** One Perl process answers all questions of a test. */
function ask(questions: readonly string[]): string[] {
  const script = fileURLToPath(new URL("net-fastcgi.pl", import.meta.url));
  const { stdout, stderr, status } = spawnSync("perl", [script], {
    input: `${questions.join("\n")}\n`,
    encoding: "latin1",
    maxBuffer: 256 * 1024 * 1024,
    timeout: 20_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const answers = stdout.split("\n").slice(0, -1);
  expect(answers).toHaveLength(questions.length);
  return answers;
}

function written(write: (writer: RecordWriter) => void): string {
  const writer = new RecordWriter();
  write(writer);
  return Buffer.concat(writer.take()).toString("hex");
}

function read(stream: Buffer, size: number): { type: number; id: number; content: Buffer }[] {
  const received: { type: number; id: number; content: Buffer }[] = [];
  const reader = new RecordReader({
    record: (type, id, content) => void received.push({ type, id, content }),
  });
  for (let at = 0; at < stream.length; at += size) reader.read(stream.subarray(at, at + size));
  return received;
}

function verdictOf(block: Buffer): string {
  try {
    countPairs(block);
    return "whole";
  } catch {
    return "cut";
  }
}

/** The pairs of a block by their names, of a repeated one the last, as a Perl hash keeps them. */
function lastValues(block: Buffer): string {
  const values = new Map<string, string>();
  const position = { name: 0, value: 0, end: 0 };
  for (let offset = 0; offset < block.length; offset = position.end) {
    expect(locatePair(block, offset, position)).toBe(true);
    values.set(
      block.toString("hex", position.name, position.value),
      block.toString("hex", position.value, position.end),
    );
  }
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join("="))
    .join(" ");
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 128);
}
