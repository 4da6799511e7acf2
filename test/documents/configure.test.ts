import { expect, test } from "vitest";

import { commandOptions } from "../../src/cli/config-arguments.js";
import { deploymentOptions } from "../../src/config/deployment-options.js";
import { parseDeployment } from "../../src/config/deployment.js";
import { servers } from "../../src/config/servers.js";
import { blocksOf, readDocument } from "./blocks.js";

const document = "docs/configure.md";

/** The rows of a table, by the words of its head. */
function rowsUnder(head: string): string[][] {
  const [, below = ""] = readDocument(document).split(`\n${head}\n`);
  const lines = below.split("\n").slice(1);
  const rows = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("|")),
  );
  return rows.map((row) => row.split(" |").map((cell) => cell.replace(/^\|/, "").trim()));
}

test("docs/configure.md has each option with its default and its meaning", () => {
  const rows = rowsUnder("| option | default | meaning |");
  const expected = commandOptions().map(({ name, default: value, description, choices }) => [
    `\`--${name}\``,
    value === undefined || value === "" ? "" : `\`${value}\``,
    description + (choices === undefined ? "" : `. One of ${choices.map((one) => `\`${one}\``).join(", ")}.`),
  ]);
  expect(rows.map((row) => row.slice(0, 3))).toEqual(expected);
});

test("docs/configure.md shows how an option's name gives its field, without exceptions", () => {
  const fieldOf = (name: string): string => {
    const [, group = "", rest = ""] = /^(apache|lighttpd|haproxy|systemd|tls)?-?(.+)$/.exec(name)!;
    const field = rest.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return group === "" ? field : `${group}.${field}`;
  };
  for (const { name, path } of commandOptions()) expect(path.join("."), name).toBe(fieldOf(name));
  for (const name of ["max-body-bytes", "apache-responder"])
    expect(readDocument(document)).toContain(`\`--${name}\` is \`${fieldOf(name)}\``);
});

test("docs/configure.md names the three fields that are not options of that name", () => {
  const others = deploymentOptions().filter(
    (option) => !commandOptions().some(({ name }) => name === option.name),
  );
  expect(others.map(({ name }) => name)).toEqual(["protocol", "command", "part"]);
  for (const { name } of others) expect(readDocument(document)).toContain(`"${name}"`);
});

test("docs/configure.md has each server", () => {
  const [head = ""] = /^\| server \| .*$/m.exec(readDocument(document)) ?? [];
  const named = rowsUnder(head).flatMap(([names]) => names!.replaceAll("`", "").split(", "));
  expect(named.sort()).toEqual(Object.keys(servers).sort());
});

test("docs/configure.md shows a valid deployment", () => {
  const shown = blocksOf(document).filter(({ language }) => language === "json");
  expect(shown).toHaveLength(1);
  expect(parseDeployment(JSON.parse(shown[0]!.text))).toMatchObject({ name: "hats", port: 80 });
});
