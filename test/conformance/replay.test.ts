// What handlers see behind every Web server: all the fixtures, without any of the servers.
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";

import { cutAt } from "../support/hex.js";
import { Responder } from "../support/records.js";
import { differences } from "../support/fixtures/differences/index.js";
import { differencesOn, expectedOn, type Occasion, type Outcome } from "../support/fixtures/expected.js";
import { readFixture, type CapturedRequest } from "../support/fixtures/fixture.js";
import { encodeStream } from "../support/fixtures/records.js";
import { Replay, roleOf } from "../support/fixtures/replay.js";
import { requests, type FixtureRequest } from "../support/fixtures/requests.js";
import { setUps } from "../support/fixtures/set-ups/index.js";

/** The place of the application behind each set-up. */
const MOUNT = "/app";

const places = [
  { place: "as it is set up", mountOf: (mount: string) => mount },
  { place: "with its mount declared", mountOf: () => MOUNT },
];

function requestNamed(name: string): FixtureRequest {
  const found = requests.find((request) => request.name === name);
  if (found === undefined) throw new Error(`A fixture has a request ${name}, which requests.ts has not`);
  return found;
}

/** The request to the application, or the server's own answer. */
function bytesOf({ streams, status }: CapturedRequest): Buffer | { readonly refused: number | null } {
  if (streams.length > 1) throw new Error("A request was handed over more than once");
  return streams[0] === undefined ? { refused: status } : encodeStream(streams[0]);
}

describe.each(places)("an application $place", ({ mountOf }) => {
  describe.each(setUps)("behind $title", ({ name: setUp, mount: told, secure = false }) => {
    const fixture = readFixture(setUp);
    const mount = mountOf(told);
    const roles = fixture.requests.flatMap(({ streams }) => streams.map(roleOf));
    const role = roles[0] ?? Responder;

    const replay = (): Replay => {
      const started = new Replay({ role, mount });
      onTestFinished(() => started.close());
      return started;
    };
    const occasionOf = ({ name, streams }: CapturedRequest): Occasion => ({
      setUp,
      request: requestNamed(name),
      role: streams[0] && roleOf(streams[0]),
      isMountDeclared: mount !== "",
    });
    const expectedOf = (captured: CapturedRequest): Outcome => {
      const occasion = occasionOf(captured);
      return expectedOn(occasion, differencesOn(occasion));
    };

    test("receives every request, in one role", () => {
      const wanted = requests.filter((request) => secure || !request.secure);
      expect(fixture.requests.map(({ name }) => name)).toEqual(wanted.map(({ name }) => name));
      expect(new Set(roles).size).toBe(1);
    });

    test.each(fixture.requests)("sees the same of $name", async (captured) => {
      const bytes = bytesOf(captured);
      const seen = Buffer.isBuffer(bytes) ? await replay().send([bytes]) : bytes;
      expect(seen).toEqual(expectedOf(captured));
    });

    test("sees the same byte by byte", async () => {
      const running = replay();
      for (const captured of fixture.requests) {
        const bytes = bytesOf(captured);
        if (!Buffer.isBuffer(bytes)) continue;
        const chunks = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
        expect(await running.send(chunks)).toEqual(expectedOf(captured));
      }
    });

    test("sees the same in any pieces", async () => {
      const running = replay();
      const handedOver = fixture.requests.filter(({ streams }) => streams.length > 0);
      const places = fc.array(fc.nat(5_000), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...handedOver), places, async (captured, places) => {
          const bytes = bytesOf(captured) as Buffer;
          const chunks = cutAt(bytes, places).filter(({ length }) => length > 0);
          expect(await running.send(chunks)).toEqual(expectedOf(captured));
        }),
        { numRuns: 50 },
      );
    });

    test("differs only in documented ways", () => {
      const needless = new Set(differences.filter(({ setUps }) => setUps.includes(setUp)));
      for (const captured of fixture.requests) {
        const occasion = occasionOf(captured);
        const all = differencesOn(occasion);
        for (const one of all) {
          const without = expectedOn(
            occasion,
            all.filter((other) => other !== one),
          );
          if (JSON.stringify(without) !== JSON.stringify(expectedOn(occasion, all))) needless.delete(one);
          // One that names its requests is one for each of them.
          else if (one.requests !== undefined) throw new Error(`${captured.name}: ${one.because}`);
        }
      }
      const left = [...needless].filter(({ goneWithMount }) => !(goneWithMount && mount !== ""));
      expect(left).toEqual([]);
    });
  });
});
