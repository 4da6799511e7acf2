import { get } from "node:http";
import { expect, test } from "vitest";

import type { Behind } from "./behind.js";
import type { Digest, Seen } from "./contract.js";
import { payload, sha256 } from "./payload.js";

/** A Web server in front of the contract. */
export interface Mounted extends Behind {
  /** Where the contract is found below the server's address: "/app" or "". */
  readonly mount: string;
}

/** In what Web servers differ that an application cannot help. */
export interface Differences {
  /** FCGI_STDERR does not arrive in the error log. */
  readonly dropsStderr?: true;
  /** A body without a length is refused. */
  readonly refusesChunkedUploads?: true;
  /** A client that has left is seen only when something is sent to it. */
  readonly overlooksDepartures?: true;
  /** Content-Type without the blank that its parameters are written with. */
  readonly respellsContentType?: true;
  /** An answer that breaks off reaches the client as a whole one; only the error log tells. */
  readonly hidesBreaks?: RegExp;
}

const MEBIBYTE = 1024 * 1024;

/** The tests that hold behind each Web server. */
export function testEssentials(behind: () => Mounted, differences: Differences = {}): void {
  const url = (path: string): string => `${behind().server.url}${behind().mount}${path}`;
  const visit = (path: string, init?: RequestInit): Promise<Response> => fetch(url(path), init);

  test("GET, with path, mount and query as the client wrote them", async () => {
    const answer = await visit("/seen/one%20two/three%2Ffour/%C3%A4?q=1&r=a%26b+c");
    expect(answer.status).toBe(200);
    const seen = (await answer.json()) as Seen;
    expect(seen).toMatchObject({
      method: "GET",
      mount: behind().mount,
      path: "/seen/one%20two/three%2Ffour/%C3%A4",
      query: "q=1&r=a%26b+c",
    });
    expect(seen.params["REQUEST_URI"]).toBe(
      `${behind().mount}/seen/one%20two/three%2Ffour/%C3%A4?q=1&r=a%26b+c`,
    );
  });

  test("HEAD like GET, without the body", async () => {
    const answer = await visit("/hello", { method: "HEAD" });
    expect(answer.status).toBe(200);
    const blank = differences.respellsContentType ? "" : " ";
    expect(answer.headers.get("content-type")).toBe(`text/plain;${blank}charset=utf-8`);
    expect(await answer.text()).toBe("");
    expect(await (await visit("/hello")).text()).toBe("Hello\n");
  });

  test("204, 304 and 404", async () => {
    const nothing = await visit("/nothing");
    expect([nothing.status, await nothing.text()]).toEqual([204, ""]);
    const first = await visit("/cached");
    expect([first.status, await first.text()]).toEqual([200, "First\n"]);
    const again = await visit("/cached", { headers: { "If-None-Match": first.headers.get("etag")! } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const missing = await visit("/nowhere");
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ status: 404 });
  });

  test("two cookies are set in one answer", async () => {
    const answer = await visit("/cookies");
    await answer.text();
    expect(answer.headers.getSetCookie()).toEqual(["one=1; Path=/", "two=2; HttpOnly"]);
  });

  test("a form is posted", async () => {
    const answer = await visit("/form", { method: "POST", body: new URLSearchParams({ name: "Ada & Ćo" }) });
    expect(await answer.json()).toEqual({ name: "Ada & Ćo" });
  });

  test("1 MiB of bytes comes in whole, and back", async () => {
    const body = payload(MEBIBYTE);
    const digest = (await (await visit("/digest", { method: "POST", body })).json()) as Digest;
    expect(digest).toEqual({ bytes: MEBIBYTE, sha256: sha256(body), announced: String(MEBIBYTE) });
    const echo = await visit("/echo", { method: "POST", body });
    expect(sha256(new Uint8Array(await echo.arrayBuffer()))).toBe(sha256(body));
  });

  if (!differences.refusesChunkedUploads) {
    test("1 MiB without a length comes in whole", async () => {
      const body = payload(MEBIBYTE);
      const answer = await visit("/digest", { method: "POST", body: streamOf(body), duplex: "half" });
      expect(await answer.json()).toMatchObject({ bytes: MEBIBYTE, sha256: sha256(body) });
    });
  }

  test("a body that nobody reads costs neither the answer nor the next one", async () => {
    // HAProxy 2.6.12 forgets a client's next request on the same connection.
    const headers = { Connection: "close" };
    for (let round = 0; round < 3; round++) {
      const answer = await visit("/refused", { method: "POST", headers, body: payload(MEBIBYTE) });
      expect(answer.status).toBe(403);
      await answer.text();
      expect(await (await visit("/hello")).text()).toBe("Hello\n");
    }
  });

  test("a download arrives while it is produced", async () => {
    const bytes = 2 * MEBIBYTE;
    const { stage } = behind().application;
    const answer = await visit(`/slowly?bytes=${bytes}`);
    const pieces: Uint8Array[] = [];
    // The rest is produced only now that the start has arrived.
    for await (const piece of answer.body!) {
      stage.tell("go on");
      pieces.push(piece);
    }
    const whole = Buffer.concat(pieces);
    expect(whole.length).toBe(bytes);
    expect(sha256(whole)).toBe(sha256(payload(bytes)));
  });

  test("50 requests at once are all answered", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const answer = await visit(`/seen/${index}`);
        return ((await answer.json()) as Seen).path;
      }),
    );
    expect(answers).toEqual(answers.map((_, index) => `/seen/${index}`));
  });

  test("a handler that fails is a plain 500", async () => {
    const answer = await visit("/fail");
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe("Internal Server Error\n");
    if (!differences.dropsStderr) {
      await behind().server.errorLine(/tricorn: GET \/fail failed: Error: The stage is on fire/);
    }
  });

  test("an answer that fails on its way is not taken for a whole one", async () => {
    const answer = await visit("/break");
    expect(answer.status).toBe(200);
    if (differences.hidesBreaks) {
      await endOf(answer);
      await behind().server.errorLine(differences.hidesBreaks);
    } else {
      expect(await endOf(answer)).toBe("broken off");
    }
    expect(await (await visit("/hello")).text()).toBe("Hello\n");
  });

  if (!differences.overlooksDepartures) {
    test("a client that leaves is noticed by a handler that waits", async () => {
      const { stage } = behind().application;
      const [waiting, aborted] = [stage.when("waiting"), stage.when("aborted")];
      const request = get(url("/wait"), { agent: false }).on("error", () => {});
      await waiting;
      request.socket!.resetAndDestroy();
      await aborted;
    });
  }

  test("a client that leaves is noticed by a handler that streams", async () => {
    const { stage } = behind().application;
    const stopped = stage.when("stopped");
    const request = get(url("/pour"), { agent: false }).on("error", () => {});
    request.on("response", (response) => {
      response.once("data", () => request.destroy());
      response.on("error", () => {});
    });
    await stopped;
  });
}

/** How an answer ended that began well. */
async function endOf(answer: Response): Promise<"whole" | "broken off"> {
  try {
    await answer.arrayBuffer();
    return "whole";
  } catch {
    return "broken off";
  }
}

function streamOf(body: Buffer): ReadableStream<Uint8Array> {
  return new Blob([body]).stream();
}
