import { describe, expect, test } from "vitest";

import { readDocument } from "../documents/blocks.js";
import { builtCaptures } from "../support/fixtures/built/read-built.js";
import { readFixture } from "../support/fixtures/fixture.js";
import { paramsOf } from "../support/fixtures/records.js";
import { setUps } from "../support/fixtures/set-ups/index.js";
import { Params } from "../../src/protocol/params.js";
import { locate } from "../../src/paths/location.js";
import { decodePath, decodeSegments } from "../../src/paths/plain-path.js";
import {
  formOf,
  pathVariables,
  type PathForm,
  type PathVariableName,
} from "../../src/paths/path-variables.js";

const names = Object.keys(pathVariables) as PathVariableName[];
/** Variables with a path, of which the end is compared. */
const ofPaths = names.filter((name) => name !== "QUERY_STRING" && name !== "TRICORN_URI");

/** The end of a path in each of the forms. */
const written: Readonly<Record<PathForm, (raw: string) => string>> = {
  raw: (raw) => raw,
  decoded: (raw) => decodePath(raw)!,
  "decoded but for slashes": decodeSegments,
};

/** Checks each variable that contains the end of this raw path in some form, and returns which of them did. */
function checkForms(params: Params, raw: string, query: string): readonly PathVariableName[] {
  const ends = new Set(Object.values(written).map((write) => write(raw)));
  return ofPaths.filter((name) => {
    const value = params.get(name);
    // ProxyPass of Apache hands its own URL over as SCRIPT_FILENAME.
    if (value === undefined || value.startsWith("proxy:")) return false;
    const path = name === "REQUEST_URI" && query !== "" ? value.slice(0, -query.length - 1) : value;
    if (![...ends].some((end) => path.endsWith(end))) return false;
    const end = written[formOf(params, name)](raw);
    expect([name, path.slice(-end.length)]).toEqual([name, end]);
    return true;
  });
}

describe("each variable is encoded as the table says", () => {
  test.each(setUps)("behind $title", ({ name }) => {
    const { streams } = readFixture(name).requests.find(
      (request) => request.name === "an encoded path and query",
    )!;
    const params = Params.from(
      paramsOf(streams[0]!).map(([key, value]) => [key, typeof value === "string" ? value : ""] as const),
    );
    const found = checkForms(params, "/one%20two/%C3%A4%2Fx", "q=1&r=a%26b+c");
    expect(found).toContain("REQUEST_URI");
  });

  test.each(builtCaptures)("behind $name", ({ name, requests }) => {
    const asked = requests.filter(({ target, received }) => target.includes("%") && received.length > 0);
    expect(asked.length).toBeGreaterThanOrEqual(2);
    for (const { target, received } of asked) {
      const [path, query = ""] = target.split("?") as [string, string?];
      for (const { params } of received) {
        const found = checkForms(Params.from(params), path, query);
        expect(found, `${name} ${target}`).toContain("REQUEST_URI");
      }
    }
  });
});

describe("a path that was encoded twice stays encoded once, and a blank is one", () => {
  test.each(builtCaptures)("behind $name", ({ requests }) => {
    for (const { target, received } of requests) {
      for (const { params: pairs } of received) {
        const params = Params.from(pairs);
        const { path, query } = locate(params, { mount: "", pathInfo: params.get("PATH_INFO") });
        if (target === "/x/%252e%252e/y") expect(path).toBe(target);
        // Cherokee has made a slash of the encoded one.
        if (target.startsWith("/a%20b")) {
          expect(path.replace("%2F", "/")).toBe("/a%20b/c/d");
          expect(query).toBe("q=1&x=%20y");
        }
        if (target.startsWith("/z")) expect([path, query]).toEqual(["/z%C3%BC", "%C3%BC"]);
      }
    }
  });
});

test("docs/request-facts.md has the table", () => {
  const [, section = ""] = readDocument("docs/request-facts.md").split("\n### Raw or decoded\n");
  const rows = [...section.split("\n#")[0]!.matchAll(/^\| ([A-Z_]+) \| ([^|]+) \| ([^|]+) \|/gm)];
  const documented = Object.fromEntries(rows.map(([, name, usual, behind]) => [name, [usual, behind]]));
  const inCode = names.map((name) => {
    const { usual, behind = [] } = pathVariables[name];
    return [name, [usual, behind.map(([software, form]) => `${software}: ${form}`).join("; ") || "–"]];
  });
  expect(documented).toEqual(Object.fromEntries(inCode));
});
