import { setImmediate as turn } from "node:timers/promises";

import { get } from "../../support/records.js";
import { judge, type Tokens } from "./oracle.js";
import { Peer, type Link } from "./peer.js";
import type { Session, Step } from "./session.js";
import { inTime } from "./time.js";

/** The application that a session is played to. */
export interface Target {
  open(): Link;
  /** The tokens that its authorizers issued; see {@link judge}. */
  readonly tokens: Tokens;
  /** Whether it may refuse one more request at the moment. */
  full(): boolean;
  /** Starts to shut down. */
  close(): void;
  /** Whether it shuts down. */
  readonly closing: boolean;
  /** A new connection must be served within so many ms of this process's CPU time. */
  readonly probeLimit: number;
  /** Called when all connections are closed, before the last new one is tried. */
  settled(): Promise<void>;
}

/** What a session showed. */
export interface SessionFigures {
  readonly begun: number;
  readonly answered: number;
  /** How long the slowest new connection waited for its answer, in ms of CPU time. */
  readonly slowestProbe: number;
}

/** So often may a new connection be late: the sessions beside it have their turns too. */
const LATE_PROBES = 4;
/** Whoever does not close lets the time limits strike first, for so many ms. */
const WAIT = 300;

/** Plays a session and judges what came back. Rejects with what was wrong. */
export async function drive(session: Session, target: Target): Promise<SessionFigures> {
  const peers = Array.from({ length: session.connections }, () => new Peer(target.open()));
  let slowestProbe = 0;
  const probe = async (): Promise<void> => {
    if (!target.closing) slowestProbe = Math.max(slowestProbe, await askOnce(target));
  };
  for (const step of session.steps) {
    if (step.do === "probe") await probe();
    else if (step.do === "close server") target.close();
    else await take(step, peers);
  }
  for (const { socket } of peers) socket.resume();
  const expectedOn = (on: number) => session.expected?.filter((expectation) => expectation.on === on);
  for (const [on, peer] of peers.entries()) await peer.answered(expectedOn(on)?.length ?? 0);
  for (const peer of peers) peer.sayGoodbye(session.farewell);
  const closed = Promise.all(peers.map((peer) => peer.closed));
  if (session.farewell === "wait") {
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, WAIT))]);
    for (const peer of peers) peer.sayGoodbye("end");
  }
  await inTime(closed, "a connection did not close");
  await target.settled();
  await probe();
  const figures = { begun: 0, answered: 0, slowestProbe };
  for (const [on, peer] of peers.entries()) {
    const { begun, answered } = judge(peer.traffic, { tokens: target.tokens, expected: expectedOn(on) });
    figures.begun += begun;
    figures.answered += answered;
  }
  return figures;
}

async function take(
  step: Exclude<Step, { do: "probe" | "close server" }>,
  peers: readonly Peer[],
): Promise<void> {
  if (step.do === "turns") {
    for (let count = 0; count < step.count; count += 1) await turn();
    return;
  }
  const peer = peers[step.on]!;
  switch (step.do) {
    case "send":
      peer.send(step.bytes);
      return;
    case "pause":
      peer.socket.pause();
      return;
    case "resume":
      peer.socket.resume();
      return;
    default:
      peer.sayGoodbye(step.do);
  }
}

/**
 * Asks for one page on a new connection and returns how long that took, in ms of CPU time: what a busy machine takes away
 * from the process does not count. Late ones get a second chance.
 */
async function askOnce(target: Target): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const mayRefuse = target.full();
    const started = process.cpuUsage();
    const peer = new Peer(target.open());
    peer.send(get(1, "/hello", { keep: false }));
    await peer.answered(1);
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1000;
    const text = peer.traffic.received.toString("latin1");
    if (!text.includes("\r\n\r\nhello") && !mayRefuse) {
      throw new Error(`a new connection was answered by ${JSON.stringify(text)}`);
    }
    peer.sayGoodbye("end");
    await inTime(peer.closed, "the new connection did not close");
    if (took <= target.probeLimit) return took;
    if (attempt > LATE_PROBES) throw new Error(`a new connection was served after ${took.toFixed()} ms`);
  }
}
