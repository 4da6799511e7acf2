import type { Random } from "./random.js";
import { Type, draft, type Draft } from "./wire.js";

const TYPES = Array.from({ length: 13 }, (_, type) => type);

type Mutation = (random: Random, records: Draft[], at: number) => void;

/** What can be wrong with records. Each takes one of them. */
const mutations: readonly Mutation[] = [
  (random, records, at) =>
    void (records[at]!.type = random.percent(70) ? random.pick(TYPES) : random.whole(0, 255)),
  (random, records, at) => void (records[at]!.id = random.pick([0, 1, 2, 3, 256, 65_535])),
  (random, records, at) => void (records[at]!.version = random.pick([0, 2, 255])),
  (random, records, at) => {
    const record = records[at]!;
    record.claimed = Math.max(
      0,
      Math.min(65_535, record.content.length + random.pick([-8, -1, 1, 8, 65_535])),
    );
  },
  (random, records, at) => void (records[at]!.padding = random.whole(0, 255)),
  (random, records, at) => void (records[at]!.content = random.bytes(random.size(300))),
  (_random, records, at) => void (records[at]!.content = Buffer.alloc(0)),
  (random, records, at) => {
    // One byte, such as the length of a name, the role or the flags.
    const { content } = records[at]!;
    if (content.length === 0) return;
    records[at]!.content = Buffer.from(content);
    records[at]!.content[random.whole(0, Math.min(content.length, 40) - 1)] = random.pick([
      0, 1, 2, 127, 128, 255,
    ]);
  },
  (_random, records, at) => void records.splice(at, 1),
  (random, records, at) => void records.splice(random.whole(0, records.length), 0, { ...records[at]! }),
  (random, records, at) => {
    const other = random.whole(0, records.length - 1);
    [records[at], records[other]] = [records[other]!, records[at]!];
  },
  (_random, records, at) => void records.splice(at),
  (random, records, at) => {
    const { id } = records[at]!;
    records.splice(at, 0, draft(Type.abort, id, "", random.whole(0, 8)));
  },
  (random, records, at) =>
    void records.splice(at, 0, draft(random.pick(TYPES), random.whole(0, 3), random.bytes(8))),
  (random, records, at) => {
    // Lengths of name and value that reach far beyond their block.
    const lie = Buffer.from([0xff, 0xff, 0xff, random.whole(0, 255), 0x80, 0, 0, 0]);
    records.splice(at, 0, draft(random.pick([Type.params, Type.getValues]), records[at]!.id, lie));
  },
  (random, records, at) => {
    // The same request once more, on its id or another one.
    const { id } = records[at]!;
    const other = random.percent(50) ? id : random.whole(1, 9);
    const copies = records.filter((record) => record.id === id);
    for (const record of copies) records.push({ ...record, id: other });
  },
];

/** Does up to four wrong things to records, in some cases none. */
export function mutateRecords(random: Random, records: readonly Draft[]): Draft[] {
  const mutated = records.map((record) => ({ ...record }));
  for (let times = random.whole(0, 4); times > 0 && mutated.length > 0; times -= 1) {
    random.pick(mutations)(random, mutated, random.whole(0, mutated.length - 1));
  }
  return mutated;
}

/** Does something wrong to bytes: flips, loses, repeats or invents some. */
export function mutateBytes(random: Random, pieces: readonly Buffer[]): Buffer[] {
  const whole = Buffer.concat(pieces);
  const at = random.whole(0, whole.length);
  const length = random.size(64);
  switch (random.whole(0, 6)) {
    case 0:
      if (at < whole.length) whole[at]! ^= 1 << random.whole(0, 7);
      return [whole];
    case 1:
      return [whole.subarray(0, at), whole.subarray(at + length)];
    case 2:
      return [whole.subarray(0, at), whole.subarray(Math.max(0, at - length))];
    case 3:
      return [whole.subarray(0, at), random.bytes(length), whole.subarray(at)];
    case 4:
      return [whole.subarray(0, at)];
    case 5:
      return [random.bytes(random.size(2_000))];
    default:
      return [Buffer.from("GET /hello HTTP/1.1\r\nHost: example.com\r\n\r\n"), whole];
  }
}

/** More of one thing than anybody needs. */
export function flood(random: Random): Draft[] {
  const count = random.whole(20, 600);
  const of = (make: (number: number) => Draft): Draft[] =>
    Array.from({ length: count }, (_, number) => make(number));
  switch (random.whole(0, 6)) {
    case 0:
      // Requests that are never finished (golang/go#81548).
      return of((number) =>
        draft(Type.begin, 1000 + number, Buffer.from([0, random.whole(1, 3), 1, 0, 0, 0, 0, 0])),
      );
    case 1:
      return of(() => draft(Type.getValues, 0));
    case 2:
      return of((number) => draft(12 + (number % 240), 0));
    case 3:
      return of(() => draft(Type.abort, random.whole(1, 3)));
    case 4:
      return of(() => draft(Type.stdin, random.whole(1, 3), "x", 255));
    case 5:
      // PARAMS that never end.
      return of(() => draft(Type.params, random.whole(1, 3), Buffer.alloc(2_000, "\x01\x01ab")));
    default:
      // Begun and aborted over and over: the pattern of CVE-2023-44487.
      return Array.from({ length: count }, (_, number): Draft[] => [
        draft(Type.begin, 2000 + number, Buffer.from([0, random.whole(1, 3), 1, 0, 0, 0, 0, 0])),
        draft(Type.params, 2000 + number),
        draft(Type.abort, 2000 + number),
      ]).flat();
  }
}
