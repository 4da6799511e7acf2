import { describe, expect, test } from "vitest";

import { CachedReply, ReplyCache } from "../../../src/bridges/filter/reply-cache.js";
import { Params } from "../../../src/protocol/params.js";
import { reply } from "../../../src/roles/reply.js";

const nobody = Params.from([]);
const entryOf = (bytes: number): CachedReply =>
  new CachedReply(reply("x"), Buffer.alloc(bytes), { names: [] });

describe("the cache of replies", () => {
  test("evicts the least recently used when full", () => {
    const cache = new ReplyCache({ bytes: 80_000 });
    const size = 9_000;
    // Eight of them fit, with their overhead.
    for (let index = 0; index < 8; index += 1) cache.set(`${index}`, nobody, entryOf(size));
    expect(cache.get("0", nobody)).toBeDefined();
    cache.set("8", nobody, entryOf(size));
    expect(cache.get("1", nobody)).toBeUndefined();
    expect(cache.get("0", nobody)).toBeDefined();
    expect(cache.get("8", nobody)).toBeDefined();
  });

  test("rejects anything above an eighth of its size", () => {
    const cache = new ReplyCache({ bytes: 80_000 });
    cache.set("fits", nobody, entryOf(9_000));
    cache.set("large", nobody, entryOf(10_000));
    expect(cache.get("fits", nobody)).toBeDefined();
    expect(cache.get("large", nobody)).toBeUndefined();
    expect(cache.largestBody).toBe(10_000);
  });

  test("counts keys and header fields too", () => {
    const cache = new ReplyCache({ bytes: 80_000 });
    cache.set("k".repeat(5_000), nobody, entryOf(0));
    expect(cache.get("k".repeat(5_000), nobody)).toBeUndefined();
    cache.set(
      "fields",
      nobody,
      new CachedReply(reply("x", { headers: { "X-Long": "v".repeat(10_000) } }), Buffer.of(1), { names: [] }),
    );
    expect(cache.get("fields", nobody)).toBeUndefined();
  });

  test("stores nothing if it has no capacity", () => {
    const cache = new ReplyCache({ bytes: 0.5 });
    cache.set("a", nobody, entryOf(0));
    expect(cache.get("a", nobody)).toBeUndefined();
  });

  test("reports a pending reply until it completes for the first time", async () => {
    const cache = new ReplyCache({ bytes: 1_000_000 });
    expect(cache.pendingReply("a")).toBeUndefined();
    const pending = cache.begin("a");
    expect(cache.pendingReply("a")).toBe(pending);
    expect(cache.pendingReply("b")).toBeUndefined();
    pending.settle();
    pending.settle();
    await pending.settled;
    expect(cache.pendingReply("a")).toBeUndefined();
  });
});

describe("a cached reply", () => {
  test("does not change with the replies that it came from or produces", async () => {
    const made = reply("Grüße", { headers: { "X-Name": "Grüße", "Content-Length": 7 }, type: "text/plain" });
    const entry = new CachedReply(made, Buffer.from("Grüße"), { names: [] });
    made.headers.set("Set-Cookie", "ada=1");
    const first = entry.toReply();
    first.headers.set("Set-Cookie", "ada=2").delete("x-name");
    first.status = 404;
    const second = entry.toReply();
    expect(second.status).toBe(200);
    expect(second.type).toBe("text/plain");
    expect([...second.headers]).toEqual([["X-Name", Buffer.from("Grüße").toString("latin1")]]);
    expect(second.body).toEqual(Buffer.from("Grüße"));
  });
});
