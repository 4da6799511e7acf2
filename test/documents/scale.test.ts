import { expect, test } from "vitest";

import { parseConfigArguments } from "../../src/cli/config-arguments.js";
import { parseServeArguments } from "../../src/cli/serve-arguments.js";
import { configure } from "../../src/config/configure.js";
import { blocksOf } from "./blocks.js";

/** The words of each command of docs/scale.md that begins with these. */
function commands(beginning: RegExp): string[][] {
  const blocks = blocksOf("docs/scale.md").filter(({ language }) => language === "sh");
  return blocks
    .flatMap(({ text }) => text.split("\n"))
    .flatMap((line) => (beginning.test(line) ? [line.replace(beginning, "").split(" ")] : []));
}

test("the commands of docs/scale.md configure each load balancer for three hosts", async () => {
  const described = commands(/^npx tricorn config /);
  expect(described.map(([server]) => server)).toEqual(["haproxy", "nginx"]);
  for (const [server = "", module = "", ...options] of described) {
    const { deployment } = parseConfigArguments([server, ...options]);
    expect(module).toBe("dist/main.js");
    const { files } = configure(server, { deployment });
    for (const host of [2, 3, 4])
      expect(files[0]!.text).toMatch(new RegExp(`server .*10\\.0\\.0\\.${host}:9000`));
  }
});

test("the command of docs/scale.md that starts a host has options of tricorn serve", () => {
  const [command = []] = commands(/^FCGI_WEB_SERVER_ADDRS=10\.0\.0\.1 tricorn serve /);
  expect(parseServeArguments(command)).toMatchObject({
    script: "dist/main.js",
    options: { listen: ["10.0.0.2:9000"], statusListen: "10.0.0.2:9001", drain: 10_000 },
  });
});
