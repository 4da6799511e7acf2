import { Get, Query, Responder, createApplication, createContainer, reply, serve } from "tricorn";
import { describe, expect, it, onTestFinished } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { Gateway } from "../../src/gateway/index.js";
import { folderWith } from "../support/folders.js";
import { http } from "./support/http.js";
import { openStage } from "./support/stage.js";

/** Two answers that go on at the same time, on one connection. */
class Pair {
  readonly #open = new Set<string>();
  #release!: () => void;
  readonly bothBegan = new Promise<void>((resolve) => (this.#release = resolve));

  began(name: string): Promise<void> {
    this.#open.add(name);
    if (this.#open.size === 2) this.#release();
    return this.bothBegan;
  }
}

let pair = new Pair();
let breakOff: () => void;
let broken: Promise<void>;

@Responder()
class Streams {
  @Get("/breaks")
  async *breaks() {
    yield "first\n";
    await pair.began("breaks");
    throw new Error("in the middle");
  }

  @Get("/goes-on")
  async *goesOn() {
    yield "first\n";
    await pair.began("goes-on");
    await broken;
    yield "last\n";
  }

  @Get("/status")
  status(@Query("status") status: string | undefined) {
    return reply("whole\n", { applicationStatus: Number(status) });
  }
}

async function opened(): Promise<string> {
  pair = new Pair();
  broken = new Promise((resolve) => (breakOff = resolve));
  const application = createApplication({ controllers: [Streams], container: createContainer() });
  const served = await serve(application, 0, { signals: false });
  const client = new FastCgiClient({ address: served.address, maxConnections: 1 });
  const gateway = new Gateway({
    application: client,
    root: folderWith({}),
    routes: { protect: [], filter: [], respond: ["/"] },
    port: 0,
  });
  onTestFinished(async () => {
    await gateway.close();
    await client.close();
    await served.close();
  });
  return (await gateway.listen()).url;
}

describe("an aborted answer beside another one on its connection", () => {
  it("is aborted for the HTTP client too, and the other one is complete", async () => {
    const url = await opened();
    // The first request finds out whether the application multiplexes.
    expect(await http(url, "/status?status=0")).toMatchObject({ status: 200 });
    const other = http(url, "/goes-on");
    await expect(http(url, "/breaks")).rejects.toMatchObject({ code: "ECONNRESET" });
    breakOff();
    expect(await other).toMatchObject({ status: 200, body: "first\nlast\n" });
  });

  it.each([1, 3, 255])(
    "is distinguished from a complete one that ends with application status %i",
    async (status) => {
      const url = await opened();
      expect(await http(url, `/status?status=${status}`)).toMatchObject({ status: 200, body: "whole\n" });
    },
  );
});

describe("an answer that ends with application status 1", () => {
  it.each([
    ["GET", "", "ECONNRESET"],
    ["GET", "Content-Length: 2\r\n", 200],
    ["GET", "Content-Length: 3\r\n", "ECONNRESET"],
    ["HEAD", "", 200],
  ])("of a %s with %j is %s", async (method, field, outcome) => {
    const { url } = await openStage({
      scripts: {
        1: (request) =>
          request.answer(`Status: 200\r\n${field}\r\n${method === "HEAD" ? "" : "ab"}`, {
            applicationStatus: 1,
          }),
      },
      routes: { respond: ["/"] },
    });
    const answer = await http(url, "/", { method }).catch(({ code }: NodeJS.ErrnoException) => code);
    expect(typeof answer === "object" ? answer.status : answer).toBe(outcome);
  });
});
