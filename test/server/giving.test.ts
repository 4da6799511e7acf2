import { expect, test } from "vitest";

import { Giving, chosenFor, type Givable, type Gift } from "../../src/server/giving.js";
import { movingRate } from "../../src/server/request-rate.js";

const kept = (...rates: readonly number[]) => rates.map((rate) => ({ rate, isKept: true }));
const ratesOf = (chosen: readonly { readonly rate: number }[]) => chosen.map(({ rate }) => rate);

test.each<[string, Gift, readonly number[], readonly number[]]>([
  ["the busiest that fit", { load: 30, gap: 100 }, [5, 20, 50, 8], [20, 8]],
  ["idle ones if nothing comes", { load: 2, gap: 4 }, [0, 0, 0, 0], [0, 0]],
  ["one that brings more, if the receiver then still has less", { load: 30, gap: 60 }, [50, 90], [50]],
  ["the busiest in turn, if the receiver then has more", { load: 30, gap: 40 }, [50, 90], [90]],
  ["nothing if little is too much", { load: 5, gap: 20 }, [50, 90], []],
])("connections that are given: %s", (_what, gift, rates, chosen) => {
  expect(ratesOf(chosenFor(gift, kept(...rates)))).toEqual(chosen);
});

test("at most 64 connections are given at once, and none that closes after its request", () => {
  const gift = { load: 1_000, gap: 1_000 };
  expect(chosenFor(gift, kept(...Array.from({ length: 100 }, () => 1)))).toHaveLength(64);
  expect(chosenFor(gift, [{ rate: 1, isKept: false }])).toEqual([]);
});

test("of new connections the part is given that is too much", () => {
  let given = 0;
  const nothing = (): void => undefined;
  const connection: Givable = {
    rate: 0,
    isKept: false,
    give: () => void (given += 1),
    keep: nothing,
    measure: nothing,
  };
  const giving = new Giving({ load: 3, gap: 6 }, { connections: [], load: 12, offer: () => undefined });
  for (let accepted = 0; accepted < 100; accepted += 1) giving.accepted(connection);
  expect(given).toBe(25);
});

test("a rate approaches what comes, within about a second", () => {
  let rate = 0;
  for (let tick = 0; tick < 8; tick += 1) rate = movingRate(rate, { count: 10, elapsed: 125 });
  expect(rate).toBeGreaterThan(50);
  expect(rate).toBeLessThan(80);
  expect(movingRate(80, { count: 10, elapsed: 125 })).toBe(80);
  expect(movingRate(80, { count: 0, elapsed: 5_000 })).toBe(0);
  expect(movingRate(80, { count: 0, elapsed: 0 })).toBe(80);
});
