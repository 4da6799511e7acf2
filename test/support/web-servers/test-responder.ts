import { request } from "node:http";
import { expect, test, type TestContext } from "vitest";

import { INTERNAL_ERROR } from "../answer.js";
import { ERROR_PAGE, type Digest, type Seen } from "./contract.js";
import { differs, type RefusedUpload, type ResponderDifferences } from "./differences.js";
import { payload, sha256 } from "./payload.js";
import { visitor, type ResponderDoor } from "./responder-door.js";
import { testConnections, testDepartures } from "./test-connections.js";

const MEBIBYTE = 1024 * 1024;

/** The tests that hold behind each Web server: the contract between it and a responder. */
export function testResponder(door: () => ResponderDoor, differences: ResponderDifferences = {}): void {
  testAnswers(door, differences);
  testBodies(door, differences);
  testConnections(door, differences);
  testDepartures(door, differences);
}

function testAnswers(door: () => ResponderDoor, differences: ResponderDifferences): void {
  const { visit } = visitor(door);
  const expectType = (task: TestContext["task"], { headers }: Response, type: string): void => {
    const respelt = differs(task, differences.respellsContentType);
    expect(headers.get("content-type")).toBe(respelt ? type.replace("; ", ";") : type);
  };

  test("GET, with path, mount and query as the client wrote them", async ({ task }) => {
    const { mount } = door();
    const expectSeen = async (path: string): Promise<void> => {
      const query = "q=1&r=a%26b+c";
      const answer = await visit(`${path}?${query}`);
      expect(answer.status).toBe(200);
      const seen = (await answer.json()) as Seen;
      expect(seen).toMatchObject({ method: "GET", mount, path, query });
      expect(seen.params["REQUEST_URI"]).toBe(`${mount}${path}?${query}`);
    };
    await expectSeen("/seen/one%20two/%C3%A4");
    const refusal = differences.refusesEncodedSlashes;
    if (differs(task, refusal)) expect((await visit("/seen/three%2Ffour")).status).toBe(refusal.status);
    else await expectSeen("/seen/three%2Ffour");
  });

  test("HEAD like GET, without the body", async ({ task }) => {
    const answer = await visit("/hello", { method: "HEAD" });
    expect(answer.status).toBe(200);
    expectType(task, answer, "text/plain; charset=utf-8");
    expect(await answer.text()).toBe("");
    // Apache leaves out the length that a program tells.
    expect(["6", null]).toContain(answer.headers.get("content-length"));
    expect(await (await visit("/hello")).text()).toBe("Hello\n");
    // Servers that make up a length do so of a body that was sent.
    const unknown = await visit("/download?bytes=5", { method: "HEAD" });
    expect([unknown.status, unknown.headers.get("content-length")]).toEqual([200, null]);
  });

  test("204, 304 and 404", async ({ task }) => {
    const nothing = await visit("/nothing");
    expect([nothing.status, await nothing.text()]).toEqual([204, ""]);
    const first = await visit("/cached");
    expect([first.status, await first.text()]).toEqual([200, "First\n"]);
    const again = await visit("/cached", { headers: { "If-None-Match": first.headers.get("etag")! } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const missing = await visit("/nowhere");
    expect(missing.status).toBe(404);
    const isAnsweredBefore = differs(task, differences.answersUnknownPaths);
    expect((await missing.text()).startsWith('{"type":"about:blank"')).toBe(!isAnsweredBefore);
  });

  test("two cookies are set in one answer", async () => {
    const answer = await visit("/cookies");
    await answer.text();
    expect(answer.headers.getSetCookie()).toEqual(["one=1; Path=/", "two=2; HttpOnly"]);
  });

  test("an error page is the application's own", async ({ task }) => {
    const answer = await visit("/closed");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "120"]);
    expectType(task, answer, "text/html; charset=utf-8");
    expect(await answer.text()).toBe(ERROR_PAGE);
  });

  test("a handler that fails is a plain 500, and the error log of the Web server says why", async ({
    task,
  }) => {
    const answer = await visit("/fail");
    expect([answer.status, await answer.text()]).toEqual([500, INTERNAL_ERROR]);
    const line = /tricorn: GET \/fail failed: Error: The stage is on fire/;
    if (differs(task, differences.dropsStderr)) {
      // Whatever was to be logged is there by the time that the next answer is.
      await (await visit("/hello")).text();
      expect(door().server.errorLog).not.toMatch(line);
    } else {
      await door().server.errorLine(line);
    }
  });

  test("an aborted answer is not treated as complete", async ({ task }) => {
    const answer = await visit("/break");
    expect(answer.status).toBe(200);
    if (differs(task, differences.hidesBreaks)) {
      expect(await endOf(answer)).toBe("whole");
      if (differences.hidesBreaks.log !== undefined)
        await door().server.errorLine(differences.hidesBreaks.log);
    } else {
      expect(await endOf(answer)).toBe("broken off");
    }
    expect(await (await visit("/hello")).text()).toBe("Hello\n");
  });
}

interface Upload {
  readonly bytes: number;
  /** What becomes of it in chunks, where it does not come in. */
  readonly refusal: RefusedUpload | undefined;
}

function testBodies(door: () => ResponderDoor, differences: ResponderDifferences): void {
  const { url, visit } = visitor(door);

  test("a form is posted", async () => {
    const answer = await visit("/form", { method: "POST", body: new URLSearchParams({ name: "Ada & Ćo" }) });
    expect(await answer.json()).toEqual({ name: "Ada & Ćo" });
  });

  test("1 MiB of bytes arrives whole, and is returned", async () => {
    const body = payload(MEBIBYTE);
    const echo = await visit("/echo", { method: "POST", body });
    expect(sha256(new Uint8Array(await echo.arrayBuffer()))).toBe(sha256(body));
  });

  const { refusesChunkedUploads, refusesLongChunkedUploads } = differences;
  testUploads("1 MiB", { bytes: MEBIBYTE, refusal: refusesChunkedUploads });
  testUploads("20 MiB", {
    bytes: 20 * MEBIBYTE,
    refusal: refusesChunkedUploads ?? refusesLongChunkedUploads,
  });

  function testUploads(size: string, { bytes, refusal }: Upload): void {
    test(`an upload of ${size} arrives whole`, async () => {
      const body = payload(bytes);
      const digest = (await (await visit("/digest", { method: "POST", body })).json()) as Digest;
      expect(digest).toEqual({ bytes, sha256: sha256(body), announced: String(bytes) });
    });

    test(`an upload of ${size} in chunks arrives whole`, async ({ task }) => {
      const body = payload(bytes);
      if (differs(task, refusal)) {
        // The connection is broken off behind the answer, which may be lost by that.
        expect([...refusal.statuses, undefined]).toContain(await statusOfUpload(url("/digest"), body));
      } else {
        const stream = new Blob([body]).stream();
        const answer = await visit("/digest", { method: "POST", body: stream, duplex: "half" });
        expect(await answer.json()).toMatchObject({ bytes, sha256: sha256(body) });
      }
    });
  }

  test("an unread body costs neither the answer nor the next one", async () => {
    // HAProxy 2.6.12 forgets a client's next request on the same connection.
    const headers = { Connection: "close" };
    for (let round = 0; round < 3; round++) {
      const answer = await visit("/refused", { method: "POST", headers, body: payload(MEBIBYTE) });
      expect(answer.status).toBe(403);
      await answer.text();
      expect(await (await visit("/hello")).text()).toBe("Hello\n");
    }
  });

  test("a download of 10 MiB arrives whole", async () => {
    const answer = await visit(`/download?bytes=${10 * MEBIBYTE}`);
    expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(sha256(payload(10 * MEBIBYTE)));
  });

  test("a download arrives while it is produced", async () => {
    const bytes = 2 * MEBIBYTE;
    const answer = await visit(`/slowly?bytes=${bytes}`);
    const pieces: Uint8Array[] = [];
    // The rest is produced only now that the start has arrived.
    for await (const piece of answer.body!) {
      door().stage.tell("go on");
      pieces.push(piece);
    }
    const whole = Buffer.concat(pieces);
    expect(whole.length).toBe(bytes);
    expect(sha256(whole)).toBe(sha256(payload(bytes)));
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

/** The status of an answer that comes while the body is still being sent; undefined where the connection breaks first. */
function statusOfUpload(url: string, body: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { "Transfer-Encoding": "chunked" };
    const upload = request(url, { method: "POST", agent: false, headers });
    upload.on("response", ({ statusCode }) => resolve(statusCode));
    upload.on("error", () => resolve(undefined));
    upload.end(body);
  });
}
