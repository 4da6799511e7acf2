import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fillPlaceholders } from "../../../examples/library/placeholders.js";

const values = new Map([
  ["name", "Ada"],
  ["evil", `<b title="'">&`],
]);

async function fill(...chunks: string[]): Promise<string> {
  async function* source(): AsyncGenerator<string> {
    yield* chunks;
  }
  let filled = "";
  for await (const part of fillPlaceholders(source(), (name) => values.get(name))) filled += part;
  return filled;
}

describe("fillPlaceholders", () => {
  test("writes the value, escaped for HTML", async () => {
    expect(await fill("<p>{{name}}, {{ name }}</p>")).toBe("<p>Ada, Ada</p>");
    expect(await fill("<p>{{evil}}</p>")).toBe("<p>&lt;b title=&quot;&#39;&quot;&gt;&amp;</p>");
  });

  test("leaves unknown placeholders and other text unchanged", async () => {
    const html = "{{hat}} {name} {{{name {{na me}} {{";
    expect(await fill(html)).toBe(html);
  });

  test("gives the same page for any division", async () => {
    const pieces = fc.constantFrom(
      "{{name}}",
      "{{ evil }}",
      "{{hat}}",
      "{",
      "}",
      "{{",
      " ",
      "na",
      "me",
      "<p>",
      "x",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces), fc.array(fc.nat(60)), async (parts, cuts) => {
        const html = parts.join("");
        const places = cuts.filter((cut) => cut < html.length).sort((a, b) => a - b);
        const chunks = [...places, html.length].map((end, index) => html.slice(places[index - 1] ?? 0, end));
        expect(await fill(...chunks)).toBe(await fill(html));
      }),
    );
  });

  test("buffers at most the maximum length of a placeholder", async () => {
    const rest = `{{${"a".repeat(100_000)}`;
    const parts: string[] = [];
    async function* source(): AsyncGenerator<string> {
      yield rest;
    }
    for await (const part of fillPlaceholders(source(), () => "")) parts.push(part);
    expect(parts).toEqual([rest, ""]);
  });
});
