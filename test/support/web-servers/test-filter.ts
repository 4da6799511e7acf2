import { expect, test } from "vitest";

import { http, type HttpAnswer, type HttpCall } from "../../gateway/support/http.js";
import { differs, type FilterDifferences } from "./differences.js";
import { CHANGED } from "./filtered-files.js";
import { CANARY } from "./gate.js";
import type { RunningServer } from "./web-server.js";

/** A Web server in front of the filter, and the gateway in front of the same one and the same files. */
export interface FilterDoor {
  readonly server: RunningServer;
  /** The address of the gateway: it speaks the filter role, and so shows what is right. */
  readonly native: string;
  readonly mount: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The tests that hold behind each Web server whose files pass through a filter. */
export function testFilter(door: () => FilterDoor, differences: FilterDifferences = {}): void {
  const visit = (path: string, options: HttpCall = {}): Promise<HttpAnswer> =>
    http(door().server.url, `${door().mount}${path}`, options);
  /** What the native door of the filter role answers. */
  const natively = (path: string, options: HttpCall = {}): Promise<HttpAnswer> =>
    http(door().native, `${door().mount}${path}`, options);

  test.each([
    ["a short one", "/texts/short.txt"],
    ["one without a final newline", "/texts/no-end.txt"],
    ["a large one", "/texts/large.txt"],
    ["an empty one", "/texts/empty.txt"],
    ["one with an escaped name", "/texts/a%20b+c%25.txt"],
    ["one with a query", "/texts/short.txt?q=a%20b&r=1+2"],
    ["one through a link inside the root", "/texts/in.txt"],
  ])("a file has the same bytes as in the filter role: %s", async (_, path) => {
    const [bridged, native] = await Promise.all([visit(path), natively(path)]);
    expect(native.status).toBe(200);
    expect(bridged.status).toBe(200);
    expect(type(bridged)).toBe(type(native));
    expect(bridged.bytes.equals(native.bytes)).toBe(true);
    expect(bridged.body).toMatch(/^\d+ bytes for nobody, asked for /);
  });

  test("HEAD is answered like GET, without the bytes", async () => {
    const head = await visit("/texts/short.txt", { method: "HEAD" });
    const whole = await visit("/texts/short.txt");
    expect([head.status, type(head), head.body]).toEqual([200, type(whole), ""]);
    expect(head.headers.etag).toBe(whole.headers.etag);
  });

  test("a fresh copy is confirmed by 304, by its tag and by its time", async ({ task }) => {
    const { headers } = await visit("/texts/short.txt");
    if (differs(task, differences.leavesValidators)) {
      expect([headers.etag, headers["last-modified"]]).toEqual([undefined, undefined]);
      return;
    }
    expect(headers.etag).toMatch(/^(?:W\/)?"[^"]+"$/);
    expect(headers["last-modified"]).toBe(CHANGED.toUTCString());
    for (const known of [
      { "If-None-Match": headers.etag! },
      { "If-Modified-Since": CHANGED.toUTCString() },
    ]) {
      const { status, body } = await visit("/texts/short.txt", { headers: known });
      expect([status, body]).toEqual([304, ""]);
    }
    for (const old of [{ "If-None-Match": '"other"' }, { "If-Modified-Since": new Date(0).toUTCString() }]) {
      expect((await visit("/texts/short.txt", { headers: old })).status).toBe(200);
    }
  });

  test("a range request gets that range of the answer, or the whole", async () => {
    const whole = await visit("/texts/short.txt");
    const part = await visit("/texts/short.txt", { headers: { Range: "bytes=2-5" } });
    expect([200, 206]).toContain(part.status);
    expect(part.body).toBe(part.status === 206 ? whole.body.slice(2, 6) : whole.body);
  });

  test.each([
    ["a missing file", "/texts/missing.txt", [404]],
    ["a hidden file", "/texts/.hidden.txt", [403, 404]],
    ["a file in a hidden folder", "/secret/.git/config.txt", [403, 404]],
    ["a link out of the root", "/texts/out.txt", [403, 404]],
    ["a link to nothing", "/texts/dangling.txt", [404]],
    ["an encoded path out of the root", "/texts/..%2f..%2foutside.txt", [400, 403, 404]],
    ["an unencoded path out of the root", "/texts/../../outside.txt", [400, 403, 404]],
  ])("other paths are not served: %s", async (_, path, statuses) => {
    const { status, body } = await visit(path);
    expect(statuses).toContain(status);
    expect(body.toLowerCase()).not.toContain(CANARY.toLowerCase());
  });

  test("a folder with the name of a filtered file is not served", async ({ task }) => {
    const { status } = await visit("/texts/folder.txt");
    if (differs(task, differences.redirectsByLocation)) expect(status).toBe(302);
    else expect([301, 403, 404]).toContain(status);
  });

  test("a protected file is filtered only when the authorizer allows it, and its filter receives the variables", async () => {
    const allowed = await visit("/members/private.txt?mode=allow");
    expect([allowed.status, allowed.body]).toEqual([
      200,
      "17 bytes for ada, asked for mode=allow\nTHE CANARY SINGS\n",
    ]);
    for (const mode of ["deny", "throw", "nothing", "redirect"]) {
      const { status, body } = await visit(`/members/private.txt?mode=${mode}`);
      expect(body.toLowerCase(), mode).not.toContain("canary");
      expect(status, mode).toBeGreaterThanOrEqual(300);
    }
  });
}

/** The media type, however it is spelled. */
function type({ headers }: HttpAnswer): string | undefined {
  return headers["content-type"]?.replaceAll(" ", "").toLowerCase();
}
