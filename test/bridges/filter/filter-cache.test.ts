import { renameSync, symlinkSync, truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { allow, reply, type FilterRequest } from "tricorn";

import { audienceOf } from "../../../src/bridges/filter/audience.js";
import { nodeFileSystem } from "../../../src/files/file-system.js";
import { Params } from "../../../src/protocol/params.js";
import { LONG_AGO, folderWith, putFile } from "../../support/folders.js";
import { get } from "../../support/records.js";
import { deferred, turns } from "../../support/served.js";
import { bridged, bridgedOn, filtering, steps, upperCase, upperCaseStream } from "../support.js";

const cache = { bytes: 1_000_000 };
const files = { "a.txt": "0123456789abcdef" };
const TEXT = "0123456789ABCDEF";
const LATER = "Thu, 02 Jan 2020 03:04:06 GMT";
const cookie = { Cookie: "session=1" };

describe.each([
  ["a whole reply", upperCase],
  ["a stream", upperCaseStream],
])("%s that is cached", (_kind, run) => {
  test("is sent again without running the filter or opening the file", async () => {
    const root = folderWith(files);
    const { taken, fileSystem } = steps();
    const shout = filtering(run);
    const peer = await (await bridgedOn(fileSystem, [shout], { root, cache })).connect();
    const first = await peer.send(get(1, "/a.txt")).answer(1);
    taken.length = 0;
    const second = await peer.send(get(1, "/a.txt")).answer(1);
    expect([first.text, second.text]).toEqual([TEXT, TEXT]);
    expect(second.header("ETag")).toBe(first.header("ETag"));
    expect(second.header("Content-Type")).toBe("text/plain; charset=utf-8");
    expect(second.header("Content-Length")).toBe("16");
    expect(shout.runs).toBe(1);
    expect(taken).toEqual(["stat"]);
  });

  test("has a length for HEAD, and no body", async () => {
    const shout = filtering(run);
    const { respond } = await bridged([shout], { files, cache });
    await respond("/a.txt");
    const head = await respond("/a.txt", { method: "HEAD" });
    expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", "16"]);
    expect(shout.runs).toBe(1);
  });

  test("may be a Blob, whose length and type stay", async () => {
    const shout = filtering(async (request) => new Blob([await upperCase(request)], { type: "text/csv" }));
    const { respond } = await bridged([shout], { files, cache });
    for (const method of ["HEAD", "GET", "GET", "HEAD"]) {
      const { status, headers } = await respond("/a.txt", { method });
      expect([status, headers.get("content-length"), headers.get("content-type")]).toEqual([
        200,
        "16",
        "text/csv",
      ]);
    }
    expect(shout.runs).toBe(2);
  });

  test("answers conditions", async () => {
    const shout = filtering(run);
    const { respond } = await bridged([shout], { files, cache });
    const etag = (await respond("/a.txt")).headers.get("etag")!;
    const statusFor = async (headers: Record<string, string>): Promise<number> =>
      (await respond("/a.txt", { headers })).status;
    expect(await statusFor({ "If-None-Match": etag })).toBe(304);
    expect(await statusFor({ "If-Modified-Since": LATER })).toBe(304);
    expect(await statusFor({ "If-None-Match": '"x"' })).toBe(200);
    expect(await statusFor({ "If-Match": '"x"' })).toBe(412);
    expect(await statusFor({ "If-Match": etag })).toBe(200);
    expect(shout.runs).toBe(1);
  });

  test.each([
    ["bytes=0-3", 206, "0123", "bytes 0-3/16"],
    ["bytes=12-", 206, "CDEF", "bytes 12-15/16"],
    ["bytes=-2", 206, "EF", "bytes 14-15/16"],
    ["bytes=0-99", 206, TEXT, "bytes 0-15/16"],
    ["bytes=0-1,4-5", 200, TEXT, undefined],
    ["lines=0-1", 200, TEXT, undefined],
  ])("is divided for Range: %s", async (range, status, text, contentRange) => {
    const { respond } = await bridged([filtering(run)], { files, cache });
    await respond("/a.txt");
    const answer = await respond("/a.txt", { headers: { Range: range } });
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(answer.headers.get("content-range")).toBe(contentRange);
    expect(answer.headers.get("content-length")).toBe(String(text.length));
    expect(answer.headers.get("accept-ranges")).toBe("bytes");
    expect(answer.headers.get("etag")).toBeDefined();
  });

  test("has no bytes after its end", async () => {
    const { respond } = await bridged([filtering(run)], { files, cache });
    await respond("/a.txt");
    const answer = await respond("/a.txt", { headers: { Range: "bytes=16-" } });
    expect([answer.status, answer.headers.get("content-range")]).toEqual([416, "bytes */16"]);
    const head = await respond("/a.txt", { method: "HEAD", headers: { Range: "bytes=0-3" } });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "16"]);
  });

  test("is divided only for a client whose part has the same content", async () => {
    const { respond } = await bridged([filtering(run)], { files, cache });
    const first = await respond("/a.txt");
    const etag = first.headers.get("etag")!;
    const date = first.headers.get("last-modified")!;
    const statusFor = async (ifRange: string): Promise<number> =>
      (await respond("/a.txt", { headers: { Range: "bytes=0-3", "If-Range": ifRange } })).status;
    expect(await statusFor(etag)).toBe(206);
    expect(await statusFor(date)).toBe(206);
    expect(await statusFor(`W/${etag}`)).toBe(200);
    expect(await statusFor('"x"')).toBe(200);
    expect(await statusFor(LATER)).toBe(200);
    expect(await statusFor("nonsense")).toBe(200);
    // A condition that fails leaves no range to be sent.
    const both = { Range: "bytes=0-3", "If-None-Match": etag };
    expect((await respond("/a.txt", { headers: both })).status).toBe(304);
  });

  test("has the fields that the filter set", async () => {
    const saying = filtering((request) => {
      const body = run === upperCase ? Buffer.from(TEXT) : run(request);
      return reply(body, { headers: { "X-Made": "Grüße", "Cache-Control": "max-age=60" } });
    });
    const { respond } = await bridged([saying], { files, cache });
    const fields = async (): Promise<unknown[]> => {
      const { headers } = await respond("/a.txt");
      return ["x-made", "cache-control"].map((name) => headers.get(name));
    };
    const first = await fields();
    expect(first).toEqual([Buffer.from("Grüße").toString("latin1"), "max-age=60"]);
    expect(await fields()).toEqual(first);
    expect(saying.runs).toBe(1);
  });

  test("is regenerated when the file changes", async () => {
    const root = folderWith(files);
    const path = join(root, "a.txt");
    const shout = filtering(run);
    const { respond } = await bridged([shout], { root, cache });
    const text = async (): Promise<string> => (await respond("/a.txt")).text;
    expect(await text()).toBe(TEXT);
    putFile(path, "longer than before");
    expect(await text()).toBe("LONGER THAN BEFORE");
    putFile(path, "later, than before", new Date(LONG_AGO.getTime() + 250));
    expect(await text()).toBe("LATER, THAN BEFORE");
    // A file of the same length and time in its place.
    putFile(`${path}.new`, "other, than before", new Date(LONG_AGO.getTime() + 250));
    renameSync(`${path}.new`, path);
    expect(await text()).toBe("OTHER, THAN BEFORE");
    unlinkSync(path);
    expect((await respond("/a.txt")).status).toBe(404);
    expect(shout.runs).toBe(4);
  });

  test("is separate for each path, query, host, scheme and mount", async () => {
    const shout = filtering(
      ({ mount, path, queryString, headers }) => `${mount} ${path} ${queryString} ${headers.get("host")}`,
    );
    const root = folderWith({ ...files, "app/x": "" });
    symlinkSync("../a.txt", join(root, "app/a.txt"));
    const { respond } = await bridged([shout], { root, cache });
    const seen = [
      await respond("/a.txt"),
      await respond("/a.txt?x=1"),
      await respond("/a.txt?x=2"),
      await respond("/a.txt", { headers: { Host: "example.org" } }),
      await respond("/a.txt", { params: { HTTPS: "on" } }),
      await respond("/%61.txt"),
      await respond("/app/a.txt"),
      await respond("/app/a.txt", { params: { SCRIPT_NAME: "/app", PATH_INFO: "/a.txt" } }),
    ];
    expect(shout.runs).toBe(8);
    expect(new Set(seen.map(({ text }) => text)).size).toBe(7);
  });

  test("is not sent if a link leads to another file, or out of the root", async () => {
    const folder = folderWith({ "outside.txt": "SECRET", "site/one.txt": "same", "site/two.txt": "SAME" });
    const link = join(folder, "site/link.txt");
    const asIs = filtering(async function* ({ data }: FilterRequest) {
      yield* data;
    });
    symlinkSync("one.txt", link);
    const { respond } = await bridged([asIs], { root: join(folder, "site"), cache });
    expect((await respond("/link.txt")).text).toBe("same");
    unlinkSync(link);
    symlinkSync("two.txt", link);
    expect((await respond("/link.txt")).text).toBe("SAME");
    unlinkSync(link);
    symlinkSync("../outside.txt", link);
    expect((await respond("/link.txt")).status).toBe(404);
  });
});

describe("not cached is", () => {
  const shouting = (headers: Record<string, string>) =>
    filtering(async (request) => reply(await upperCase(request), { headers }));

  test.each([
    ["a private reply", shouting({ "Cache-Control": "private" })],
    ["a reply that is not to be stored", shouting({ "Cache-Control": "no-store" })],
    ["a reply that sets a cookie", shouting({ "Set-Cookie": "a=b" })],
    ["a reply that varies", shouting({ Vary: "Accept" })],
    ["an error", filtering(() => reply("x", { status: 404 }))],
    ["a reply without content", filtering(() => reply())],
    ["a filter that fails", filtering(() => Promise.reject(new Error("broken")))],
    ["a reply with an application status", filtering(() => reply("x", { applicationStatus: 1 }))],
  ])("%s", async (_what, filter) => {
    const { respond } = await bridged([filter], { files, cache });
    const answers = [await respond("/a.txt"), await respond("/a.txt")];
    expect(filter.runs).toBe(2);
    expect(answers[0]!.headers.get("accept-ranges")).toBeUndefined();
    expect(answers.map(({ status, text }) => [status, text])[0]).toEqual([
      answers[1]!.status,
      answers[1]!.text,
    ]);
  });

  test.each<[string, object]>([
    ["a POST", { method: "POST" }],
    ["a HEAD", { method: "HEAD" }],
    ["a request with a cookie", { headers: cookie }],
    ["a request with a password", { headers: { Authorization: "Basic YTpi" } }],
    ["a request with a user", { params: { REMOTE_USER: "ada" } }],
    ["a GET with a body", { method: "GET", body: "x" }],
  ])("%s", async (_what, request) => {
    const shout = filtering(upperCase);
    const { respond } = await bridged([shout], { files, cache });
    await respond("/a.txt", request);
    await respond("/a.txt", request);
    expect((await respond("/a.txt")).text).toBe(TEXT);
    expect(shout.runs).toBe(3);
  });

  test("a file protected by an authorizer, even if the filter marks it public", async () => {
    const gate = { kind: "authorizer", name: "Gate", paths: ["/a.txt"], authorize: () => allow() } as const;
    const open = shouting({ "Cache-Control": "public" });
    const { respond } = await bridged([open, gate], { files, cache });
    await respond("/a.txt");
    expect((await respond("/a.txt")).headers.get("accept-ranges")).toBeUndefined();
    expect(open.runs).toBe(2);
  });

  test.each([
    ["a whole reply", upperCase],
    ["a stream", upperCaseStream],
  ])("%s that is larger than an eighth of the cache", async (_what, run) => {
    const shout = filtering(run);
    const { respond } = await bridged([shout], { files: { "a.txt": "x".repeat(300_000) }, cache });
    for (let time = 0; time < 2; time += 1) {
      const answer = await respond("/a.txt");
      expect(answer.bytes.length).toBe(300_000);
      expect(answer.headers.get("accept-ranges")).toBeUndefined();
    }
    expect(shout.runs).toBe(2);
  });

  test("a stream that fails", async () => {
    let fails = true;
    const failing = filtering(async function* ({ data }: FilterRequest) {
      yield* data;
      if (fails) throw new Error("broken");
    });
    const { application } = await bridged([failing], { files, cache });
    await expect(application.respond("/a.txt")).rejects.toThrow();
    fails = false;
    expect((await application.respond("/a.txt")).text).toBe(files["a.txt"]);
    expect(failing.runs).toBe(2);
  });

  test("a complete reply of another length than announced, which is an error", async () => {
    const lying = filtering(() => reply("x", { headers: { "Content-Length": 17 } }));
    const { respond } = await bridged([lying], { files, cache });
    for (let time = 0; time < 2; time += 1) expect((await respond("/a.txt")).status).toBe(500);
    expect(lying.runs).toBe(2);
  });

  test("a stream shorter than announced", async () => {
    const lying = filtering(({ data }) => reply(data, { headers: { "Content-Length": 17 } }));
    const { application } = await bridged([lying], { files, cache });
    for (let time = 0; time < 2; time += 1) await expect(application.respond("/a.txt")).rejects.toThrow();
    expect(lying.runs).toBe(2);
  });

  test.each([
    ["a whole reply", upperCase],
    ["a stream", upperCaseStream],
  ])("a file that changes while it is read for %s", async (_what, run) => {
    const root = folderWith(files);
    const path = join(root, "a.txt");
    const reading = filtering((request) => {
      if (reading.runs === 1) putFile(path, "fedcba9876543210", new Date(LONG_AGO.getTime() + 250));
      return run(request);
    });
    const { respond } = await bridged([reading], { root, cache });
    expect((await respond("/a.txt")).text).toBe("FEDCBA9876543210");
    // The facts of the opened file were announced: what was read since belongs to another one.
    putFile(path, files["a.txt"]);
    expect((await respond("/a.txt")).text).toBe(TEXT);
  });

  test("a file with the facts of another one, replaced between lookup and open", async () => {
    const root = folderWith(files);
    const path = join(root, "a.txt");
    let swaps = true;
    const { fileSystem } = steps({
      beforeOpen: () => {
        if (!swaps) return;
        swaps = false;
        renameSync(path, `${path}.old`);
        putFile(path, "another content!");
      },
    });
    const shout = filtering(upperCase);
    const peer = await (await bridgedOn(fileSystem, [shout], { root, cache })).connect();
    const text = async (): Promise<string> => (await peer.send(get(1, "/a.txt")).answer(1)).text;
    expect(await text()).toBe("ANOTHER CONTENT!");
    expect(await text()).toBe("ANOTHER CONTENT!");
    expect(shout.runs).toBe(1);
    renameSync(`${path}.old`, path);
    expect(await text()).toBe(TEXT);
  });
});

describe("the result of a file that was changed", () => {
  /** The clock stands still, half a second after a full one. */
  const NOW = Date.parse("2026-01-02T03:04:05.500Z");

  test.each([
    ["within the clock's tick", NOW - 9, 2],
    ["before the clock's tick", NOW - 10, 1],
    ["in the future", NOW + 3_600_000, 2],
    ["within the two seconds that some file systems have", NOW - 1_500, 2],
    ["before the two seconds that some file systems have", NOW - 2_500, 1],
  ])("%s: at %d, runs the filter %d times for two requests", async (_when, time, runs) => {
    vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const root = folderWith({});
    const shout = filtering(upperCase);
    const peer = await (await bridgedOn(nodeFileSystem, [shout], { root, cache })).connect();
    putFile(join(root, "a.txt"), "hello", new Date(time));
    for (let round = 0; round < 2; round += 1) {
      expect((await peer.send(get(1, "/a.txt")).answer(1)).text).toBe("HELLO");
    }
    expect(shout.runs).toBe(runs);
  });
});

describe("a shared reply", () => {
  test("is not sent to a user, unless it is marked public", async () => {
    const greeting = filtering(({ cookies }) => `Hello ${cookies["session"] ?? "stranger"}`);
    const open = filtering(upperCase, { paths: ["*.md"] });
    const wide = filtering(
      async (request) => reply(await upperCase(request), { headers: { "Cache-Control": "public" } }),
      {
        paths: ["*.html"],
      },
    );
    const { respond } = await bridged([greeting, open, wide], {
      files: { ...files, "a.md": "md", "a.html": "html" },
      cache,
    });
    expect((await respond("/a.txt")).text).toBe("Hello stranger");
    expect((await respond("/a.txt", { headers: cookie })).text).toBe("Hello 1");
    expect((await respond("/a.txt")).text).toBe("Hello stranger");
    expect(greeting.runs).toBe(2);
    await respond("/a.html", { headers: cookie });
    const again = await respond("/a.html", { headers: { Cookie: "session=2" } });
    expect([again.text, again.headers.get("cache-control")]).toEqual(["HTML", "public"]);
    expect((await respond("/a.html")).text).toBe("HTML");
    expect(wide.runs).toBe(1);
  });

  test("excludes what middleware adds for one client, and middleware sees each client", async () => {
    for (const run of [upperCase, upperCaseStream]) {
      const shout = filtering(run);
      let visits = 0;
      const { respond } = await bridged([shout], {
        files,
        cache,
        middleware: [
          async (request, next) => {
            if (request.headers.get("x-key") === undefined) return reply("No\n", { status: 401 });
            const answer = await next();
            answer.headers.set("Set-Cookie", `visit=${(visits += 1)}`);
            return answer;
          },
        ],
      });
      const key = { "X-Key": "secret" };
      const cookies: (string | undefined)[] = [];
      for (let time = 0; time < 3; time += 1) {
        const answer = await respond("/a.txt", { headers: key });
        expect(answer.text).toBe(TEXT);
        cookies.push(answer.headers.get("set-cookie"));
      }
      expect((await respond("/a.txt")).status).toBe(401);
      expect(cookies).toEqual(["visit=1", "visit=2", "visit=3"]);
      expect(shout.runs).toBe(1);
    }
  });

  test("is not divided for a range if middleware replaced its body", async () => {
    const { respond } = await bridged([filtering(upperCase)], {
      files,
      cache,
      middleware: [
        async (_request, next) => {
          const answer = await next();
          answer.body = `<${Buffer.from(answer.body as Uint8Array | string).toString()}>`;
          return answer;
        },
      ],
    });
    for (let time = 0; time < 2; time += 1) {
      const answer = await respond("/a.txt", { headers: { Range: "bytes=0-3" } });
      expect([answer.status, answer.text]).toEqual([200, `<${TEXT}>`]);
      expect(answer.headers.get("accept-ranges")).toBeUndefined();
    }
  });

  test("is not divided for a range if the filter accepts none", async () => {
    const whole = filtering(async (request) =>
      reply(await upperCase(request), { headers: { "Accept-Ranges": "none" } }),
    );
    const { respond } = await bridged([whole], { files, cache });
    for (let time = 0; time < 2; time += 1) {
      expect((await respond("/a.txt", { headers: { Range: "bytes=0-3" } })).status).toBe(200);
    }
    expect(whole.runs).toBe(1);
  });

  test("has the media type that the filter's body implies", async () => {
    const results: Record<string, () => unknown> = {
      text: () => "x",
      bytes: () => Buffer.from("x"),
      json: () => reply({ x: 1 }),
      texts: () => ["x"].values(),
      pieces: () => [Buffer.from("x")].values(),
    };
    const made = filtering(({ query }) => results[query.get("of")!]!(), { type: undefined });
    const { respond } = await bridged([made], { files, cache });
    for (const of of Object.keys(results)) {
      const types = [await respond(`/a.txt?of=${of}`), await respond(`/a.txt?of=${of}`)].map(({ headers }) =>
        headers.get("content-type"),
      );
      expect(types[0]).toBe(types[1]);
      expect(types[0]).toBeDefined();
    }
    expect(made.runs).toBe(5);
  });
});

describe("several simultaneous requests for an uncached reply", () => {
  test("run the filter once if it returns a complete reply", async () => {
    const { promise, resolve } = deferred();
    const slow = filtering(async (request) => {
      await promise;
      return upperCase(request);
    });
    const { respond } = await bridged([slow], { files, cache });
    const answers = Array.from({ length: 20 }, () => respond("/a.txt"));
    const head = respond("/a.txt", { method: "HEAD" });
    await expect.poll(() => slow.runs).toBe(1);
    await turns();
    resolve();
    expect(new Set((await Promise.all(answers)).map(({ text }) => text))).toEqual(new Set([TEXT]));
    expect((await head).headers.get("content-length")).toBe("16");
    expect(slow.runs).toBe(1);
  });

  test.each([
    ["says that it is private", (text: string) => reply(text, { headers: { "Cache-Control": "private" } })],
    ["is an error", (text: string) => reply(text, { status: 404 })],
    ["is a stream", (text: string) => [text].values()],
  ])("each run the filter if its reply %s", async (_what, make) => {
    const { promise, resolve } = deferred();
    const slow = filtering(async (request) => {
      await promise;
      return make(await upperCase(request));
    });
    const { respond } = await bridged([slow], { files, cache });
    const answers = Array.from({ length: 5 }, () => respond("/a.txt"));
    await expect.poll(() => slow.runs).toBe(1);
    resolve();
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(
      Array.from({ length: 5 }, () => TEXT),
    );
    expect(slow.runs).toBe(5);
  });

  test("are answered even if the one they wait for fails", async () => {
    const { promise, resolve } = deferred();
    const slow = filtering(async (request) => {
      if (slow.runs === 1) {
        await promise;
        throw new Error("broken");
      }
      return upperCase(request);
    });
    const { respond } = await bridged([slow], { files, cache });
    const first = respond("/a.txt");
    await expect.poll(() => slow.runs).toBe(1);
    const others = [respond("/a.txt"), respond("/a.txt")];
    await turns();
    resolve();
    expect((await first).status).toBe(500);
    expect((await Promise.all(others)).map(({ text }) => text)).toEqual([TEXT, TEXT]);
  });

  test("are answered even if the client of the one they wait for leaves", async () => {
    const entered = deferred();
    const slow = filtering(async (request) => {
      if (slow.runs > 1) return upperCase(request);
      entered.resolve();
      // Forever: it receives no signal, and does not ask.
      await new Promise(() => {});
      return "never";
    });
    const { connect } = await bridgedOn(steps().fileSystem, [slow], { root: folderWith(files), cache });
    const [leader, waiting] = [await connect(), await connect()];
    leader.send(get(1, "/a.txt"));
    await entered.promise;
    waiting.send(get(1, "/a.txt"));
    await waiting.roundTrip();
    await turns();
    expect(slow.runs).toBe(1);
    leader.reset();
    expect((await waiting.answer(1)).text).toBe(TEXT);
    expect(slow.runs).toBe(2);
  });

  test("do not wait for a client that reads a stream slowly", async () => {
    const large = "x".repeat(3_000_000);
    const { connect } = await bridgedOn(steps().fileSystem, [filtering(upperCaseStream)], {
      root: folderWith({ "a.txt": large }),
      cache: { bytes: 100_000_000 },
    });
    const [slow, quick] = [await connect(), await connect()];
    slow.socket.pause();
    slow.send(get(1, "/a.txt"));
    await turns();
    expect((await quick.send(get(1, "/a.txt")).answer(1)).body.length).toBe(large.length);
    slow.socket.resume();
    expect((await slow.answer(1)).body.length).toBe(large.length);
  });

  test("do not block each other if one never sends its announced body", async () => {
    const reading = filtering(async (request) => {
      await request.body.bytes();
      return upperCase(request);
    });
    const { connect } = await bridgedOn(steps().fileSystem, [reading], { root: folderWith(files), cache });
    const [hanging, other] = [await connect(), await connect()];
    const announced = get(1, "/a.txt", { params: { CONTENT_LENGTH: "5" } });
    // Without the end of STDIN.
    hanging.send(announced.subarray(0, announced.length - 8));
    await hanging.roundTrip();
    await expect.poll(() => reading.runs).toBe(1);
    expect((await other.send(get(1, "/a.txt")).answer(1)).text).toBe(TEXT);
  });
});

test("A stream whose client leaves is stopped, and not cached", async () => {
  const stopped = deferred();
  const endless = filtering(async function* ({ query }: FilterRequest) {
    try {
      yield "start";
      while (!query.has("end")) yield "x".repeat(10_000);
    } finally {
      stopped.resolve();
    }
  });
  const cacheOf = { bytes: 1_000_000_000 };
  const { connect } = await bridgedOn(steps().fileSystem, [endless], {
    root: folderWith(files),
    cache: cacheOf,
  });
  const peer = await connect();
  peer.send(get(1, "/a.txt"));
  await peer.received(100_000);
  peer.reset();
  await stopped.promise;
});

test("A date that two contents could share does not validate a range", async () => {
  const future = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000).toUTCString();
  const dated = filtering(() => reply(TEXT, { headers: { "Last-Modified": future } }));
  const { respond } = await bridged([dated], { files, cache });
  await respond("/a.txt");
  const headers = { Range: "bytes=0-3" };
  expect((await respond("/a.txt", { headers })).status).toBe(206);
  expect((await respond("/a.txt", { headers: { ...headers, "If-Range": future } })).status).toBe(200);
});

test("A file that shrinks while it is being cached is an error, and is not cached", async () => {
  const root = folderWith({ "a.txt": "x".repeat(100_000) });
  const shrinking = filtering(async function* ({ data }: FilterRequest) {
    for await (const piece of data) {
      yield piece;
      if (shrinking.runs === 1) truncateSync(join(root, "a.txt"), 10);
    }
  });
  const { application } = await bridged([shrinking], { root, cache });
  await expect(application.respond("/a.txt")).rejects.toThrow();
  expect((await application.respond("/a.txt")).text).toBe("x".repeat(10));
});

describe("a cached reply does not depend on a request's difference", () => {
  const about = (tell: (request: FilterRequest) => string) => filtering((request) => tell(request));

  test.each([
    ["Jetty's AUTH_TYPE, which has the whole Authorization", [["AUTH_TYPE", "Basic YWRhOnNlY3JldA=="]]],
    [
      "a field behind an empty one of its name",
      [
        ["HTTP_COOKIE", ""],
        ["HTTP_COOKIE", "name=mallory"],
      ],
    ],
  ] as const)("in %s", (_, pairs) => {
    expect(audienceOf(Params.from(pairs), [])).toBe("someone");
  });

  test("in the host of an absolute target", async () => {
    const { respond } = await bridged([about(({ url }) => String(url))], { files, cache });
    const params = { HTTP_HOST: "good.example" };
    const absolute = await respond("http://evil.example/a.txt", { params });
    expect(absolute.text).toBe("http://evil.example/a.txt");
    expect((await respond("/a.txt", { params })).text).toBe("http://good.example/a.txt");
  });

  test("in the port, without a Host field", async () => {
    const { respond } = await bridged([about(({ host }) => String(host))], { files, cache });
    for (const port of ["81", "82"]) {
      const params = { HTTP_HOST: "", SERVER_NAME: "a.example", SERVER_PORT: port };
      expect((await respond("/a.txt", { params })).text).toBe(`a.example:${port}`);
    }
  });

  test("in a body that Caddy announces as -1 bytes", async () => {
    const shout = filtering(upperCase);
    const { respond } = await bridged([shout], { files, cache });
    for (let time = 0; time < 2; time++) await respond("/a.txt", { params: { CONTENT_LENGTH: "-1" } });
    expect(shout.runs).toBe(2);
  });
});

test("A stream of text is cached as it was sent, whatever its pieces are", async () => {
  const pieces = ["a\n", "\ud83d", "\ude00", "é".repeat(20_000), Buffer.from("b"), "c"];
  const inPieces = filtering(async function* () {
    for (const piece of pieces) {
      await turns(1);
      yield piece;
    }
  });
  const { respond } = await bridged([inPieces], { files, cache });
  const first = await respond("/a.txt");
  const second = await respond("/a.txt");
  expect(inPieces.runs).toBe(1);
  expect(second.bytes.equals(first.bytes)).toBe(true);
  expect(second.text).toBe(`a\n\ufffd\ufffd${"é".repeat(20_000)}bc`);
});
