import { expect, onTestFinished, test } from "vitest";

import { http, type HttpAnswer } from "../../gateway/support/http.js";
import type { Seen } from "./contract.js";
import { differs, type AuthorizerDifferences } from "./differences.js";
import { SPELLINGS, SPOOFED } from "./forgeries.js";
import type { Post } from "./gate-post.js";
import { payload, sha256 } from "./payload.js";
import { CANARY, FAILURES } from "./gate.js";
import type { RunningServer } from "./web-server.js";

/** A Web server that asks the gate about everything below /members/. */
export interface AuthorizerDoor {
  readonly server: RunningServer;
  readonly post: Post;
  /** Where the application is found below the server's address: "/app" or "". */
  readonly mount: string;
  /** What is protected: a file where the Web server serves any, and what a responder says. */
  readonly canaries: readonly string[];
  /** Whether the application asks its authorizers itself. */
  readonly asksItself: boolean;
  /** Headers that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The tests that hold behind each Web server that asks authorizers, or lets the application ask them itself. */
export function testAuthorizer(door: () => AuthorizerDoor, differences: AuthorizerDifferences = {}): void {
  const denied = differences.replacesDenials?.status ?? 403;

  const visit = (path: string, { method = "GET", headers = {} }: Visit = {}): Promise<HttpAnswer> => {
    const { server, mount, headers: always } = door();
    return http(server.url, `${mount}${path}`, { method, headers: { ...always, ...headers } });
  };
  /** The statuses with which everything protected is refused in this mode; it fails where the canary is heard. */
  const refusals = async (mode: string, meanwhile = async (): Promise<void> => {}): Promise<number[]> => {
    const asked = Promise.all(door().canaries.map((path) => visit(`${path}?mode=${mode}`)));
    const [answers] = await Promise.all([asked, meanwhile()]);
    for (const { body } of answers) expect(body).not.toContain(CANARY);
    return answers.map(({ status }) => status);
  };
  /** Nothing is served until everything is refused by this status, nor then. Some servers first try who was there before. */
  const expectSoon = async (mode: string, status: number): Promise<void> => {
    const leaks: unknown[] = [];
    await expect
      .poll(() => refusals(mode).catch((error: unknown) => void leaks.push(error)))
      .toEqual(door().canaries.map(() => status));
    expect(leaks).toEqual([]);
  };
  /** Puts the gate back behind a test, and waits until the Web server has noticed. */
  const restoreAfterwards = (): void =>
    onTestFinished(async () => {
      await door().post.place("gate");
      await expect.poll(async () => (await visit(`${door().canaries[0]!}?mode=allow`)).status).toBe(200);
    });

  test("an allowed request is served", async () => {
    for (const path of door().canaries) {
      expect(await visit(`${path}?mode=allow`)).toMatchObject({
        status: 200,
        body: expect.stringContaining(CANARY) as string,
      });
    }
  });

  test("a denied request is not served", async () => {
    for (const status of await refusals("deny")) expect(status).toBe(denied);
  });

  test.each(FAILURES)("nothing is served when the gate fails: %s", async (mode) => {
    for (const status of await refusals(mode)) expect([500, 504, denied]).toContain(status);
  });

  test("nothing is served when the application has no authorizer", async () => {
    restoreAfterwards();
    const { post, asksItself } = door();
    if (asksItself) {
      // Such an application does not even begin.
      await expect(post.place("none")).rejects.toThrow("the application has no authorizer");
      for (const status of await refusals("allow")) expect(status).toBeGreaterThanOrEqual(500);
    } else {
      await post.place("none");
      await expectSoon("allow", denied);
    }
  });

  test("nothing is served when the gate is unreachable", async () => {
    restoreAfterwards();
    await door().post.place("gone");
    for (const status of await refusals("allow")) expect(status).toBeGreaterThanOrEqual(500);
  });

  // Which of its processes mod_fcgid asks next, and when it starts another one, depends on the load of the machine.
  test("nothing is served when the gate is killed while it decides", async () => {
    restoreAfterwards();
    const { post } = door();
    await post.place("process");
    const statuses = await refusals("hang", async () => {
      await post.decides(door().canaries.length);
      await post.kill();
    });
    for (const status of statuses) expect(status).toBeGreaterThanOrEqual(denied);
  });

  test("nothing is served when the application is overloaded", async () => {
    restoreAfterwards();
    await door().post.place("busy");
    for (const status of await refusals("allow")) expect([500, 502, 503, denied]).toContain(status);
  });

  test("nothing is served when the application shuts down while the gate decides", async () => {
    restoreAfterwards();
    const { post } = door();
    await post.place("patient");
    const statuses = await refusals("hang", async () => {
      await post.decides(door().canaries.length);
      await post.shutDown();
    });
    for (const status of statuses) expect([500, 502, 503, denied]).toContain(status);
  });

  test("nothing is served under another spelling of a path", async () => {
    const spellings = door().canaries.flatMap((path) => SPELLINGS.map((spell) => spell(path)));
    for (const path of spellings) {
      const { body } = await visit(`${path}?mode=deny`);
      expect(body, path).not.toContain(CANARY);
    }
  });

  test("nothing is served by another method", async () => {
    for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"]) {
      for (const path of door().canaries) {
        const { status, body } = await visit(`${path}?mode=deny`, { method });
        expect(body, method).not.toContain(CANARY);
        expect(status, method).toBeGreaterThanOrEqual(400);
      }
    }
  });

  test("a denial reaches the client unchanged", async ({ task }) => {
    const { status, headers, body } = await visit(`${door().canaries[0]!}?mode=deny`);
    expect(status).toBe(denied);
    const isReplaced =
      differs(task, differences.replacesDenials) || differs(task, differences.losesDenialBodies);
    if (isReplaced) expect(body).not.toContain("Not for you.");
    else expect([headers["x-denied"], body]).toEqual(["yes", "Not for you.\n"]);
  });

  test("a denial that is a redirect reaches the client, with its cookie", async ({ task }) => {
    const { status, headers } = await visit(`${door().canaries[0]!}?mode=redirect`);
    const lost = differences.losesRedirects;
    if (differs(task, lost)) expect([status, headers.location]).toEqual([lost.status, undefined]);
    else {
      const location = [302, "/log-in?from=members", ["back=1; Path=/"]];
      expect([status, headers.location, headers["set-cookie"]]).toEqual(location);
    }
  });

  test("a challenge arrives, and a denial by 404", async ({ task }) => {
    const challenged = await visit(`${door().canaries[0]!}?mode=challenge`);
    const missing = await visit(`${door().canaries[0]!}?mode=missing`);
    const isReplaced = differs(task, differences.replacesDenials);
    expect([challenged.status, missing.status]).toEqual([401, isReplaced ? denied : 404]);
    if (!isReplaced) expect(challenged.headers["www-authenticate"]).toBe('Basic realm="The gate"');
  });

  test("its variables reach the application, and not the client", async () => {
    const { headers, body } = await visit("/members/seen/it?mode=allow");
    expect((JSON.parse(body) as Seen).params).toMatchObject({ AUTH_USER: "ada" });
    for (const path of door().canaries) {
      const shown = await visit(`${path}?mode=allow`);
      expect([headers["variable-auth_user"], shown.headers["variable-auth_user"]]).toEqual([
        undefined,
        undefined,
      ]);
    }
  });

  test("an allowed request keeps its method and its body", async () => {
    const { server, mount, headers } = door();
    const body = payload(3 * 1024 * 1024);
    const post = (mode: string): Promise<Response> =>
      fetch(`${server.url}${mount}/members/digest?mode=${mode}`, {
        method: "POST",
        body,
        ...(headers && { headers }),
      });
    const allowed = await post("allow");
    expect(await allowed.json()).toEqual({ method: "POST", asked: "POST", sha256: sha256(body) });
    const refused = await post("deny");
    expect([refused.status, (await refused.text()).includes("sha256")]).toEqual([denied, false]);
  });

  test("nothing that a client sends becomes a variable or a decision", async () => {
    const headers = SPOOFED;
    const variables = async (path: string): Promise<(string | undefined)[]> => {
      const { params } = JSON.parse((await visit(path, { headers })).body) as Seen;
      // Caddy sends a variable that it does not know as an empty one.
      return [params["AUTH_USER"] || undefined, params["TRICORN_BRIDGE"]];
    };
    expect(await variables("/members/seen/it?mode=allow")).toEqual(["ada", undefined]);
    expect(await variables("/members/seen/it?mode=anonymous")).toEqual([undefined, undefined]);
    expect(await variables("/public/seen/it")).toEqual([undefined, undefined]);
    for (const path of door().canaries) {
      const { status, body } = await visit(`${path}?mode=deny`, { headers });
      expect([status, body.includes(CANARY)]).toEqual([denied, false]);
    }
  });
}
