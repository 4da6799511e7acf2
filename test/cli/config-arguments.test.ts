import { describe, expect, test } from "vitest";

import { commandOptions, parseConfigArguments } from "../../src/cli/config-arguments.js";

describe("an option that is given twice", () => {
  const [lists, others] = [true, false].map((isList) =>
    commandOptions()
      .filter(({ kind }) => (kind === "list") === isList)
      .map(({ name }) => name),
  );

  test.each([...others!, "deployment", "out"])("is refused: --%s", (name) => {
    expect(() => parseConfigArguments(["nginx", `--${name}=a`, `--${name}`, "a"])).toThrow(
      `--${name} was given twice`,
    );
  });

  test.each(lists!)("has both values if it is a list: --%s", (name) => {
    const { deployment } = parseConfigArguments(["nginx", `--${name}=a`, `--${name}`, "b"]);
    expect(deployment[name]).toEqual(["a", "b"]);
  });

  test("means the same without a value", () => {
    expect(parseConfigArguments(["nginx", "--json", "--json", "--", "--listen", "--listen"])).toMatchObject({
      json: true,
      deployment: { command: ["--listen", "--listen"] },
    });
  });
});
