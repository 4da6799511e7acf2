import { expect, test } from "vitest";

import { CANARY, FAILURES } from "./gate.js";

/** How a Web server shows what the gate decided. */
export interface GateDoor {
  /** The address of the protected file behind a gate of this kind, with the mode in its query. */
  url(gate: GateKind, mode: string): string;
  /** The status that a client sees of `deny(403)`. */
  readonly denied: number;
  /** What a client sees of a gate that fails, which is a denial by 500, and of one that takes too long, by 504. */
  readonly failed: readonly number[];
  /** Headers that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Kills the gate that says of itself that it is deciding for ever. */
  killGate(): Promise<void>;
}

/** `gate` decides as it is asked; `none` is an application without authorizer, `gone` an address where nobody listens. */
export type GateKind = "gate" | "none" | "gone" | "killed";

/** The tests that hold behind each Web server that asks authorizers. */
export function testGate(door: () => GateDoor): void {
  const visit = async (gate: GateKind, mode: string): Promise<{ status: number; body: string }> => {
    const { url, headers } = door();
    const answer = await fetch(url(gate, mode), { redirect: "manual", ...(headers && { headers }) });
    return { status: answer.status, body: await answer.text() };
  };

  test("the file is served when the gate allows it", async () => {
    const { status, body } = await visit("gate", "allow");
    expect([status, body.includes(CANARY)]).toEqual([200, true]);
  });

  test("it is not when the gate denies it", async () => {
    const { status, body } = await visit("gate", "deny");
    expect([status, body.includes(CANARY)]).toEqual([door().denied, false]);
  });

  test.each(FAILURES)("it is not when the gate fails: %s", async (mode) => {
    const { status, body } = await visit("gate", mode);
    expect(body).not.toContain(CANARY);
    expect(door().failed).toContain(status);
  });

  test("it is not when the application has no authorizer", async () => {
    const { status, body } = await visit("none", "allow");
    expect([status, body.includes(CANARY)]).toEqual([door().denied, false]);
  });

  test("it is not when nobody is there to be asked", async () => {
    const { status, body } = await visit("gone", "allow");
    expect(body).not.toContain(CANARY);
    expect(status).toBeGreaterThanOrEqual(500);
  });

  test("it is not when the gate is killed while it decides", async () => {
    const [{ status, body }] = await Promise.all([visit("killed", "hang"), door().killGate()]);
    expect(body).not.toContain(CANARY);
    expect(status).toBeGreaterThanOrEqual(400);
  });
}
