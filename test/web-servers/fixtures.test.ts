import { describe, expect, test } from "vitest";

import { captureSetUp } from "../support/fixtures/capture-set-up.js";
import { formatFixture, readFixture, type Fixture } from "../support/fixtures/fixture.js";
import { setUps } from "../support/fixtures/set-ups/index.js";

/** A fixture as text, without the versions of the programs. */
function textOf(fixture: Fixture): string {
  return formatFixture(fixture).replaceAll(/(?<="SERVER_SOFTWARE",".*)[/ ]v?\d[\w.+-]*/g, "");
}

describe("the fixtures match what the Web servers of this machine send", () => {
  // If one differs, its server has changed: run `npm run capture`, and check the difference.
  test.each(setUps)("$title", async (setUp) => {
    expect(textOf(await captureSetUp(setUp))).toBe(textOf(readFixture(setUp.name)));
  });
});
