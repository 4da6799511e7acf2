import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import type { Protocol } from "./request.js";
import { freshPath, resultsFolder } from "./workplace.js";

/** The compiled load generator; its source is in load/. */
export const loadProgram = join(resultsFolder, "load");

/** The load on a server. */
export interface Load {
  readonly protocol: Protocol;
  /** Made by {@link writeLoadFile}. */
  readonly requestFile: string;
  /** The body that every answer must have. */
  readonly expectFile: string;
  /** Text that the header block of every answer must have. */
  readonly field?: string | undefined;
  readonly connections?: number | undefined;
  /** Requests under way at once on each connection. */
  readonly inFlight?: number | undefined;
  /** Whether each request uses a new connection. */
  readonly close?: boolean | undefined;
  /** Either of them. */
  readonly seconds?: number | undefined;
  readonly requests?: number | undefined;
  /** Warm-up requests. */
  readonly warmUp?: number | undefined;
  /** Reads at most this many bytes, and waits this many µs before each read. */
  readonly slowReader?: { readonly bytes: number; readonly pause: number } | undefined;
  /** The core of the load generator; defaults to that of this process. */
  readonly core?: number | undefined;
}

/** The result of a run. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Latencies in µs. */
  readonly p50: number;
  readonly p99: number;
  /** CPU, user and system, in µs, by process. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** Writes bytes to a file for the load generator, and returns its path. */
export function writeLoadFile(name: string, bytes: Uint8Array): string {
  const file = freshPath(name);
  writeFileSync(file, bytes);
  return file;
}

/**
 * Runs a load against a unix socket, and measures these processes during it.
 *
 * @throws Error when an answer is wrong: the run is invalid
 */
export async function runLoad(socket: string, load: Load, pids: readonly number[] = []): Promise<LoadResult> {
  const held = await holdLoad(socket, load, pids);
  await held.release();
  return held.result;
}

/** A finished load whose connections are still open. */
export interface HeldLoad {
  readonly result: LoadResult;
  release(): Promise<void>;
}

/** The same, but the connections stay open until they are released. */
export async function holdLoad(socket: string, load: Load, pids: readonly number[] = []): Promise<HeldLoad> {
  const { core } = load;
  const command = [loadProgram, ...argumentsOf(socket, load, pids)];
  const [program = "", ...args] = core === undefined ? command : ["taskset", "-c", String(core), ...command];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  const line = await firstLine(child);
  if (line === undefined) throw new Error(`The load on ${socket} failed`);
  return {
    result: JSON.parse(line) as LoadResult,
    release: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

async function firstLine(child: ChildProcessByStdio<Writable, Readable, null>): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  return undefined;
}

function argumentsOf(socket: string, load: Load, pids: readonly number[]): string[] {
  const { connections, inFlight, seconds, requests, warmUp, field, slowReader } = load;
  const values: Readonly<Record<string, string | number | undefined>> = {
    address: socket,
    request: load.requestFile,
    expect: load.expectFile,
    field,
    connections,
    "in-flight": inFlight,
    seconds: requests === undefined ? seconds : undefined,
    requests,
    "warm-up": warmUp,
    "read-bytes": slowReader?.bytes,
    "read-pause": slowReader?.pause,
  };
  return [
    "--hold",
    ...(load.protocol === "http" ? ["--http"] : []),
    ...(load.close === true ? ["--close"] : []),
    ...Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
    ...pids.flatMap((pid) => ["--pid", String(pid)]),
  ];
}
