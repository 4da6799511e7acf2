import fc from "fast-check";
import { expect, test } from "vitest";

import { field, file, form, formType, openBody } from "../body/body-input.js";

const typed = { contentType: formType };

test("a multipart body yields the same parts however it arrives, and whichever are read", async () => {
  const content = fc.uint8Array({ maxLength: 40_000, size: "max" });
  const scenario = fc.array(fc.record({ content, isFile: fc.boolean(), read: fc.boolean() }), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(scenario, fc.integer({ min: 1, max: 70_000 }), async (parts, size) => {
      const bytes = form(
        ...parts.map(({ content, isFile }, index) =>
          isFile ? file(`${index}`, "f", content) : field(`${index}`, content),
        ),
      );
      const { body, push, input } = openBody([], { ...typed, contentLength: bytes.length });
      const all = (async () => {
        let index = 0;
        for await (const part of body.multipart()) {
          const expected = parts[index];
          expect(part.name).toBe(`${index}`);
          if (expected?.read === true) expect(await part.bytes()).toEqual(Buffer.from(expected.content));
          index += 1;
        }
        return index;
      })();
      for (let at = 0; at < bytes.length; at += size) {
        push(bytes.subarray(at, at + size));
        if (at % 3 === 0) await Promise.resolve();
      }
      input.end();
      expect(await all).toBe(parts.length);
    }),
    { numRuns: 30 },
  );
});
