import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  Filter,
  allow,
  createApplication,
  createContainer,
  reply,
  type ControllerClass,
  type FilterRequest,
} from "tricorn";
import { testApplication } from "tricorn/testing";

import { LONG_AGO, folderWith, putFile } from "../../support/folders.js";
import { get } from "../../support/records.js";
import { bridged, bridgedOn, filtering, steps, upperCase, upperCaseStream } from "../support.js";

const files = { "a.txt": "hello" };
const LAST_MODIFIED = "Thu, 02 Jan 2020 03:04:05 GMT";
const EARLIER = "Thu, 02 Jan 2020 03:04:04 GMT";
const LATER = "Thu, 02 Jan 2020 03:04:06 GMT";

const cookie = { Cookie: "session=1" };

describe.each([
  ["a whole reply", upperCase],
  ["a stream", upperCaseStream],
])("%s", (_kind, run) => {
  test("has validators derived from the file, and must be revalidated", async () => {
    const { respond } = await bridged([filtering(run)], { files });
    const { status, headers, text } = await respond("/a.txt");
    expect([status, text]).toEqual([200, "HELLO"]);
    expect(headers.get("etag")).toMatch(/^"[A-Za-z0-9_-]{16}"$/);
    expect(headers.get("last-modified")).toBe(LAST_MODIFIED);
    expect(headers.get("cache-control")).toBe("no-cache");
    // Nothing is cached, so no range can be cut out of it.
    expect(headers.get("accept-ranges")).toBeUndefined();
  });

  test("has no body for HEAD, and the same fields", async () => {
    const { respond } = await bridged([filtering(run)], { files });
    const whole = await respond("/a.txt");
    const head = await respond("/a.txt", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.toArray()).toEqual(whole.headers.toArray());
    expect(head.headers.get("content-length")).toBe(run === upperCase ? "5" : undefined);
  });

  test("arrives whole for any requested range", async () => {
    const { respond } = await bridged([filtering(run)], { files });
    const answer = await respond("/a.txt", { headers: { Range: "bytes=1-2" } });
    expect([answer.status, answer.text]).toEqual([200, "HELLO"]);
    expect(answer.headers.get("content-range")).toBeUndefined();
  });

  test.each<[string, number, (etag: string) => Record<string, string>]>([
    ["its tag", 304, (etag) => ({ "If-None-Match": etag })],
    ["its tag in a list", 304, (etag) => ({ "If-None-Match": `"x", W/${etag}` })],
    ["any tag", 304, () => ({ "If-None-Match": "*" })],
    ["its date", 304, () => ({ "If-Modified-Since": LAST_MODIFIED })],
    ["another tag", 200, () => ({ "If-None-Match": '"x"' })],
    ["another tag and its date", 200, () => ({ "If-None-Match": '"x"', "If-Modified-Since": LAST_MODIFIED })],
    ["an earlier date", 200, () => ({ "If-Modified-Since": EARLIER })],
    ["no date", 200, () => ({ "If-Modified-Since": "yesterday" })],
    ["its tag, which must match", 200, (etag) => ({ "If-Match": etag })],
    ["another tag, which must match", 412, () => ({ "If-Match": '"x"' })],
    ["a date, which must not have passed", 200, () => ({ "If-Unmodified-Since": LAST_MODIFIED })],
    ["an earlier date, which must not have passed", 412, () => ({ "If-Unmodified-Since": EARLIER })],
    ["tags that contradict each other", 412, (etag) => ({ "If-Match": '"x"', "If-None-Match": etag })],
  ])("for a client with %s is a %d", async (_what, status, fields) => {
    const { respond } = await bridged([filtering(run)], { files });
    const etag = (await respond("/a.txt")).headers.get("etag")!;
    for (const method of ["GET", "HEAD"]) {
      const answer = await respond("/a.txt", { method, headers: fields(etag) });
      expect(answer.status).toBe(status);
      if (status !== 304) continue;
      expect(answer.text).toBe("");
      expect(answer.headers.get("etag")).toBe(etag);
      expect(answer.headers.get("content-type")).toBeUndefined();
      expect(answer.headers.get("content-length")).toBeUndefined();
    }
  });

  test("of a POST has no validators and no conditions", async () => {
    const { respond } = await bridged([filtering(run)], { files });
    const etag = (await respond("/a.txt")).headers.get("etag")!;
    const answer = await respond("/a.txt", {
      method: "POST",
      headers: { "If-None-Match": etag, "If-Match": '"x"' },
    });
    expect([answer.status, answer.text]).toEqual([200, "HELLO"]);
    for (const name of ["etag", "last-modified", "cache-control"])
      expect(answer.headers.get(name)).toBeUndefined();
  });
});

describe("a 304 that follows from the file", () => {
  test.each<[string, Record<string, string>]>([
    ["its tag", {}],
    ["its date", { "If-None-Match": "", "If-Modified-Since": LAST_MODIFIED }],
    ["a later date", { "If-None-Match": "", "If-Modified-Since": LATER }],
  ])("runs neither the filter nor opens the file for a client with %s", async (_what, fields) => {
    const root = folderWith(files);
    const { taken, fileSystem } = steps();
    const shout = filtering(upperCase);
    const peer = await (await bridgedOn(fileSystem, [shout], { root })).connect();
    const etag = (await peer.send(get(1, "/a.txt")).answer(1)).header("ETag")!;
    taken.length = 0;
    const headers = Object.entries({ "If-None-Match": etag, ...fields });
    const params = Object.fromEntries(
      headers.map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, value]),
    );
    expect((await peer.send(get(1, "/a.txt", { params })).answer(1)).status).toBe(304);
    expect(shout.runs).toBe(1);
    expect(taken).toEqual(["stat"]);
  });

  test("is left to the filter first in a process that has not learned what it reads", async () => {
    const root = folderWith(files);
    const first = filtering(upperCase);
    const etag = (await (await bridged([first], { root })).respond("/a.txt")).headers.get("etag")!;
    const second = filtering(upperCase);
    const { respond } = await bridged([second], { root });
    for (const headers of [{ "If-None-Match": etag }, { "If-Modified-Since": LAST_MODIFIED }])
      expect((await respond("/a.txt", { headers })).status).toBe(304);
    expect(second.runs).toBe(1);
  });

  test("is decided for a stream after its end: the first time too, if that comes soon", async () => {
    const root = folderWith(files);
    const first = filtering(upperCaseStream);
    const etag = (await (await bridged([first], { root })).respond("/a.txt")).headers.get("etag")!;
    const second = filtering(upperCaseStream);
    const { respond } = await bridged([second], { root });
    const answers = [];
    for (let time = 0; time < 2; time += 1)
      answers.push(await respond("/a.txt", { headers: { "If-None-Match": etag } }));
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [304, ""],
      [304, ""],
    ]);
    expect(answers.map(({ headers }) => headers.get("etag"))).toEqual([etag, etag]);
    expect(second.runs).toBe(1);
  });

  test("is not decided for a stream above 1 MiB before one has ended in the process", async () => {
    const piece = "x".repeat(300_000);
    const long = filtering(async function* ({ data }) {
      for await (const _chunk of data);
      for (let count = 0; count < 6; count += 1) yield piece;
    });
    const { respond } = await bridged([long], { files });
    const first = await respond("/a.txt", { headers: { "If-None-Match": '"other"' } });
    expect([first.status, first.text === piece.repeat(6)]).toEqual([200, true]);
    const { respond: again } = await bridged([long], { files });
    const statuses = [];
    for (let time = 0; time < 2; time += 1)
      statuses.push(
        (await again("/a.txt", { headers: { "If-None-Match": first.headers.get("etag")! } })).status,
      );
    expect(statuses).toEqual([200, 304]);
  });

  test("runs through middleware, which sees every request and may refuse it", async () => {
    const seen: number[] = [];
    const { respond } = await bridged([filtering(upperCase)], {
      files,
      middleware: [
        async (request, next) => {
          if (request.headers.get("x-key") !== "secret") return reply("No\n", { status: 401 });
          const answer = await next();
          seen.push(answer.status);
          return answer;
        },
      ],
    });
    const key = { "X-Key": "secret" };
    const etag = (await respond("/a.txt", { headers: key })).headers.get("etag")!;
    expect((await respond("/a.txt", { headers: { ...key, "If-None-Match": etag } })).status).toBe(304);
    expect((await respond("/a.txt", { headers: { "If-None-Match": etag } })).status).toBe(401);
    expect(seen).toEqual([200, 304]);
  });
});

describe("the entity tag", () => {
  async function tagOf(controllers: readonly ControllerClass[], root: string): Promise<string> {
    const options = { controllers, container: createContainer() };
    const application = await testApplication(createApplication(options), { bridges: { filter: { root } } });
    const answer = await application.respond("/a.txt");
    await application.close();
    return answer.headers.get("etag")!;
  }

  function pages(text: string, options = {}): ControllerClass {
    @Filter("*.txt", options)
    class Pages {
      readonly text = text;
      filter({ data }: FilterRequest) {
        return data;
      }
    }
    return Pages;
  }

  test("changes with the file's length or time, even within a second", async () => {
    const root = folderWith(files);
    const { respond } = await bridged([filtering(upperCase)], { root });
    const tags = new Set<string>();
    const note = async () => tags.add((await respond("/a.txt")).headers.get("etag")!);
    await note();
    await note();
    expect(tags.size).toBe(1);
    putFile(join(root, "a.txt"), "longer");
    await note();
    putFile(join(root, "a.txt"), "LONGER", new Date(LONG_AGO.getTime() + 250));
    await note();
    expect(tags.size).toBe(3);
  });

  test("is the same for the same code in every process", async () => {
    const root = folderWith(files);
    expect(await tagOf([pages("a")], root)).toBe(await tagOf([pages("a")], root));
  });

  test("changes with the code, the type and the declared version", async () => {
    const root = folderWith(files);
    @Filter("*.txt")
    class Pages {
      readonly text = "other code";
      filter({ data }: FilterRequest) {
        return data;
      }
    }
    class Base {
      filter({ data }: FilterRequest) {
        return data;
      }
    }
    class OtherBase {
      filter({ data }: FilterRequest): FilterRequest["data"] {
        return data.pipeThrough(new TransformStream());
      }
    }
    const derived = (base: typeof Base): ControllerClass => {
      @Filter("*.txt")
      class Derived extends base {}
      return Derived;
    };
    const tags = [
      await tagOf([pages("a")], root),
      await tagOf([Pages], root),
      await tagOf([pages("a", { type: "text/html" })], root),
      await tagOf([pages("a", { version: "2" })], root),
      await tagOf([pages("a", { version: "3" })], root),
      await tagOf([derived(Base)], root),
      await tagOf([derived(OtherBase)], root),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });

  test("changes with the middleware around the filter", async () => {
    const root = folderWith(files);
    const tags: string[] = [];
    for (const middleware of [
      [],
      [async (_: unknown, next: () => Promise<unknown>) => (await next()) as string],
    ]) {
      const { respond } = await bridged([filtering(upperCase)], { root, middleware });
      tags.push((await respond("/a.txt")).headers.get("etag")!);
    }
    expect(tags[0]).not.toBe(tags[1]);
  });
});

describe("what the filter sets itself", () => {
  const own = { ETag: '"mine"', "Cache-Control": "max-age=60" };

  test("takes precedence: status, validators and Cache-Control", async () => {
    const { respond } = await bridged(
      [
        filtering(() => reply("x", { headers: own })),
        filtering(() => reply("y", { status: 404 }), { paths: ["*.md"] }),
      ],
      { files: { ...files, "a.md": "" } },
    );
    const { headers } = await respond("/a.txt");
    expect([headers.get("etag"), headers.get("cache-control")]).toEqual(['"mine"', "max-age=60"]);
    // It depends on more than the file, so the file's time would not be enough.
    expect(headers.get("last-modified")).toBeUndefined();
    const missing = await respond("/a.md");
    expect([missing.status, missing.text, missing.headers.get("etag")]).toEqual([404, "y", undefined]);
  });

  test("is compared with the client's conditions", async () => {
    const dated = filtering(() => reply("x", { headers: { "Last-Modified": LATER } }));
    const tagged = filtering(() => reply("x", { headers: own }), { paths: ["*.md"] });
    const { respond } = await bridged([dated, tagged], { files: { ...files, "a.md": "" } });
    const ask = async (target: string, headers: Record<string, string>): Promise<number> =>
      (await respond(target, { headers })).status;
    expect(await ask("/a.md", { "If-None-Match": '"mine"' })).toBe(304);
    expect(await ask("/a.md", { "If-None-Match": '"other"' })).toBe(200);
    expect(await ask("/a.md", { "If-Match": '"mine"' })).toBe(200);
    expect(await ask("/a.md", { "If-Match": '"other"' })).toBe(412);
    expect(await ask("/a.md", { "If-Modified-Since": LATER })).toBe(200);
    expect(await ask("/a.txt", { "If-Modified-Since": LATER })).toBe(304);
    // Newer than the file, older than the filter's own date.
    expect(await ask("/a.txt", { "If-Modified-Since": LAST_MODIFIED })).toBe(200);
    expect(dated.runs).toBe(2);
  });

  test("is obtained on the first request too, if the client's date differs from the file's", async () => {
    const newer = "Fri, 03 Jan 2020 00:00:00 GMT";
    const dated = filtering(() => reply("x", { headers: { "Last-Modified": newer } }));
    const { respond } = await bridged([dated], { files });
    expect((await respond("/a.txt", { headers: { "If-Modified-Since": LATER } })).status).toBe(200);
    expect((await respond("/a.txt", { headers: { "If-Modified-Since": newer } })).status).toBe(304);
  });

  test("is obtained on every later request, even if the filter does not always set it", async () => {
    const moody = filtering(() =>
      moody.runs === 1 ? reply("x", { headers: { "Last-Modified": LATER } }) : "x",
    );
    const { respond } = await bridged([moody], { files });
    for (let time = 0; time < 3; time += 1) await respond("/a.txt");
    await respond("/a.txt", { headers: { "If-Modified-Since": LATER } });
    expect(moody.runs).toBe(4);
  });

  test("may confirm the client's copy", async () => {
    const knowing = filtering((request) =>
      request.notModified({ etag: '"mine"' })
        ? reply(undefined, { status: 304, headers: own })
        : reply("x", { headers: own }),
    );
    const { respond } = await bridged([knowing], { files });
    const answer = await respond("/a.txt", { headers: { "If-None-Match": '"mine"' } });
    expect([answer.status, answer.headers.get("etag")]).toEqual([304, '"mine"']);
  });
});

describe("a reply that differs between clients", () => {
  test.each<[string, Record<string, string>]>([
    ["is private", { "Cache-Control": "private" }],
    ["is not to be stored", { "Cache-Control": "no-store" }],
    ["sets a cookie", { "Set-Cookie": "a=b" }],
    ["varies", { Vary: "Accept-Language" }],
  ])("that %s has no validators of the file, and no 304", async (_why, headers) => {
    const one = filtering(() => reply("x", { headers }));
    const { respond } = await bridged([one], { files });
    const first = await respond("/a.txt");
    expect([first.headers.get("etag"), first.headers.get("last-modified")]).toEqual([undefined, undefined]);
    for (const fields of [{ "If-Modified-Since": LATER }, { "If-None-Match": "*" }]) {
      expect((await respond("/a.txt", { headers: fields })).status).toBe(200);
    }
    expect(one.runs).toBe(3);
  });

  test("because of middleware has none either", async () => {
    const { respond } = await bridged([filtering(upperCase)], {
      files,
      middleware: [
        async (_request, next) => {
          const answer = await next();
          answer.headers.set("Set-Cookie", "visit=1");
          return answer;
        },
      ],
    });
    const answer = await respond("/a.txt");
    expect(answer.headers.get("set-cookie")).toBe("visit=1");
    expect(answer.headers.get("etag")).toBeUndefined();
  });

  test.each<[string, object]>([
    ["a cookie", { headers: cookie }],
    ["a password", { headers: { Authorization: "Basic YTpi" } }],
    ["a user", { params: { REMOTE_USER: "ada" } }],
    ["a variable that the Web server vouches for", { params: { MEMBER: "ada" } }],
  ])("because the request has %s is private, and has no validators", async (_what, request) => {
    const greeting = filtering(
      ({ cookies, params }) => `Hello ${cookies["session"] ?? params.get("MEMBER")}`,
    );
    const { respond } = await bridged([greeting], { files, listener: { vouchesFor: ["MEMBER"] } });
    const anonymous = await respond("/a.txt");
    const conditions = { "If-None-Match": anonymous.headers.get("etag")!, "If-Modified-Since": LATER };
    const { headers = {}, ...rest } = request as { headers?: Record<string, string> };
    const answer = await respond("/a.txt", { ...rest, headers: { ...headers, ...conditions } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("private, no-cache");
    expect([answer.headers.get("etag"), answer.headers.get("last-modified")]).toEqual([undefined, undefined]);
  });

  test("unless it is marked public", async () => {
    const open = filtering(async (request) =>
      reply(await upperCase(request), { headers: { "Cache-Control": "public, no-cache" } }),
    );
    const { respond } = await bridged([open], { files });
    const first = await respond("/a.txt", { headers: cookie });
    expect(first.headers.get("cache-control")).toBe("public, no-cache");
    const etag = first.headers.get("etag")!;
    expect((await respond("/a.txt", { headers: { ...cookie, "If-None-Match": etag } })).status).toBe(304);
  });

  test("does not affect what is known of others", async () => {
    const shout = filtering(upperCase);
    const { respond } = await bridged([shout], { files });
    await respond("/a.txt");
    await respond("/a.txt", { headers: cookie });
    expect((await respond("/a.txt", { headers: { "If-Modified-Since": LATER } })).status).toBe(304);
    expect(shout.runs).toBe(2);
  });

  test("because an authorizer had to allow it is private, has no validators and no 304", async () => {
    const gate = {
      kind: "authorizer",
      name: "Gate",
      paths: ["/members/**"],
      authorize: () => allow(),
    } as const;
    const open = filtering(() => reply("x", { headers: { "Cache-Control": "public" } }), { paths: ["*.md"] });
    const { respond } = await bridged([filtering(upperCase), open, gate], {
      files: { "members/a.txt": "a", "members/a.md": "", "members/none/x": "" },
    });
    const answer = await respond("/members/a.txt", {
      headers: { "If-Modified-Since": LATER, "If-None-Match": "*" },
    });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "private, no-cache"]);
    expect([answer.headers.get("etag"), answer.headers.get("last-modified")]).toEqual([undefined, undefined]);
    const posted = await respond("/members/a.txt", { method: "POST" });
    expect(posted.headers.get("cache-control")).toBe("private, no-cache");
    // The filter's own fields count, except validators derived from the file.
    const said = await respond("/members/a.md");
    expect([said.headers.get("cache-control"), said.headers.get("etag")]).toEqual(["public", undefined]);
  });
});

test("A file dated in the future is treated as changed now", async () => {
  const root = folderWith({});
  putFile(join(root, "a.txt"), "hello", new Date(Date.now() + 3_600_000));
  const shout = filtering(upperCase);
  const { respond } = await bridged([shout], { root });
  const { headers } = await respond("/a.txt");
  const told = Date.parse(headers.get("last-modified")!);
  expect(told).toBeLessThanOrEqual(Date.now());
  expect((await respond("/a.txt", { headers: { "If-None-Match": headers.get("etag")! } })).status).toBe(304);
});

test("A file that changes during reading gives its mixed result no validators", async () => {
  const root = folderWith(files);
  const torn = filtering(async (request) => {
    const text = await upperCase(request);
    writeFileSync(join(root, "a.txt"), "HALLO");
    return text;
  });
  const { respond } = await bridged([torn], { root, cache: { bytes: 100_000 } });
  const { status, headers } = await respond("/a.txt");
  expect([status, headers.get("etag"), headers.get("last-modified")]).toEqual([200, undefined, undefined]);
});
