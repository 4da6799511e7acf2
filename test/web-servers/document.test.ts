import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import type { SetUpFacts } from "../support/web-servers/set-up.js";
import { starters } from "../support/web-servers/starters.js";
import { Report, webServersDocument, withoutVersions } from "./document.js";
import { filterSetUps, librarySetUps } from "./set-ups/all-roles.js";
import { authorizerSetUps } from "./set-ups/authorizers.js";
import { responderSetUps } from "./set-ups/responders.js";

test("docs/web-servers.md has every set-up exactly once", () => {
  const document = readFileSync(new URL("../../docs/web-servers.md", import.meta.url), "utf8");
  const rows = document.match(/^\| [a-z0-9-]+ \| [^|]+ \| \d+ of \d+/gm) ?? [];
  const setUps = [...responderSetUps, ...authorizerSetUps, ...filterSetUps, ...librarySetUps];
  // cgi-fcgi as a client is not a separate starter.
  const ids = [...setUps, ...starters.map(({ facts }) => facts), { id: "cgi-fcgi-connect" }].map(
    ({ id }) => id,
  );
  expect(new Set(rows.map((row) => row.split(" ")[1]))).toEqual(new Set(ids));
  expect(rows).toHaveLength(ids.length);
  expect(document).not.toMatch(/^ *- ✗/m);
});

const nginx: SetUpFacts = { id: "nginx-unix", server: "nginx", door: "responder", how: "a unix socket" };
const caddy: SetUpFacts = { id: "caddy-tcp", server: "Caddy", door: "responder", how: "TCP" };

/** The document that follows from such tests. */
function documentOf(...assertionResults: readonly object[]): string {
  return webServersDocument(Report.parse({ testResults: [{ assertionResults }] }));
}

test("a set-up has a row with its result, a case an item with the set-ups that differ or fail", () => {
  const document = documentOf(
    { title: "GET", status: "passed", meta: { setUp: nginx, version: "1.22.1" } },
    { title: "HEAD", status: "passed", meta: { setUp: nginx } },
    {
      title: "GET",
      status: "passed",
      meta: { setUp: caddy, version: "2.6.2", difference: "Caddy is late." },
    },
    { title: "HEAD", status: "failed", meta: { setUp: caddy } },
  );
  expect(document).toContain("| caddy-tcp | TCP | 1 of 2, 1 ≠ |\n");
  expect(document).toContain("| nginx-unix | a unix socket | 2 of 2 |\n");
  expect(document).toContain("- GET\n  - ≠ caddy-tcp: Caddy is late.\n- HEAD\n  - ✗ caddy-tcp\n");
  expect(document).toContain("| Caddy | 2.6.2 |\n| nginx | 1.22.1 |\n");
});

test("the reason of a test that failed is not a difference", () => {
  const meta = { setUp: nginx, difference: "It has its ways." };
  expect(documentOf({ title: "GET", status: "failed", meta })).not.toContain("It has its ways.");
});

test("the set-ups of one server are named together, and a majority by its exceptions", () => {
  const of = (id: string, difference: string): object => ({
    title: "GET",
    status: "passed",
    meta: { setUp: { ...nginx, id }, difference },
  });
  const document = documentOf(
    of("apache-cgi", "one"),
    of("apache-fcgid", "one"),
    of("caddy-tcp", "two"),
    of("caddy-unix", "three"),
    of("nginx-unix", "one"),
  );
  expect(document).toContain(
    "- GET\n  - ≠ all but caddy*: one\n  - ≠ caddy-tcp: two\n  - ≠ caddy-unix: three\n",
  );
});

test("cases of one table are one item unless their results differ", () => {
  const of = (title: string, status = "passed"): object => ({ title, status, meta: { setUp: nginx } });
  expect(documentOf(of("fails: throw"), of("fails: hang"), of("fails: late", "failed"), of("GET"))).toContain(
    "- fails: throw; hang\n- fails: late\n  - ✗ all\n- GET\n",
  );
});

test("a case that some set-ups lack names those that have it", () => {
  const document = documentOf(
    { title: "GET", status: "passed", meta: { setUp: nginx } },
    { title: "Only here", status: "passed", meta: { setUp: caddy } },
  );
  expect(document).toContain("- Only here (caddy-tcp)\n- GET (nginx-unix)\n");
});

test("tests without a set-up are ignored", () => {
  expect(documentOf({ title: "Something else", status: "failed", meta: {} })).not.toContain("Something else");
});

test("documents that differ only in versions are the same without them", () => {
  const of = (version: string): string =>
    documentOf({ title: "GET", status: "passed", meta: { setUp: nginx, version } });
  expect(of("1.22.1")).not.toBe(of("1.26.0"));
  expect(withoutVersions(of("1.22.1"))).toBe(withoutVersions(of("1.26.0")));
  expect(withoutVersions(of("1.22.1"))).toContain("| nginx-unix | a unix socket | 1 of 1 |");
});

test("a failing test is visible without the versions, too", () => {
  const of = (status: string): string => documentOf({ title: "GET", status, meta: { setUp: nginx } });
  expect(withoutVersions(of("failed"))).not.toBe(withoutVersions(of("passed")));
});
