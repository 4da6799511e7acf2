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
  /** The status that every answer must have; defaults to 200. */
  readonly status?: number | undefined;
  /** Text that the header block of every answer must have. */
  readonly field?: string | undefined;
  readonly connections?: number | undefined;
  /** Requests under way at once on each connection. */
  readonly inFlight?: number | undefined;
  /** Whether each request uses a new connection. */
  readonly close?: boolean | undefined;
  /** Reads at most this many bytes, and waits this many µs before each read. */
  readonly slowReader?: { readonly bytes: number; readonly pause: number } | undefined;
  /** The core of the load generator; defaults to that of this process. */
  readonly core?: number | undefined;
}

/** A part of a load. */
export interface Slice {
  readonly requests: number;
  /** It ends earlier after this time; s. */
  readonly seconds?: number | undefined;
  /** Requests that come first and are not measured. */
  readonly warmUp?: number | undefined;
  /** Whether latencies of earlier slices are forgotten. */
  readonly forgets?: boolean | undefined;
}

/** The result of a slice. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Latencies in µs, of all slices that are not forgotten. */
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

/** A load on a server. Its connections open with the first slice, and stay open between slices. */
export class LoadRun {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  readonly #socket: string;

  /** On a unix socket; the CPU of these processes is measured. */
  constructor(socket: string, load: Load, pids: readonly number[] = []) {
    const { core } = load;
    const command = [loadProgram, ...argumentsOf(socket, load, pids)];
    const [program = "", ...args] =
      core === undefined ? command : ["taskset", "-c", String(core), ...command];
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = once(this.#child, "close");
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#socket = socket;
    // It exits when an answer is wrong, and says why; then there is no line.
    this.#child.stdin.on("error", () => undefined);
  }

  /**
   * Sends requests until the slice ends, and resolves when all are answered.
   *
   * @throws Error when an answer is wrong: the run is invalid
   */
  async slice({ requests, seconds = 0, warmUp = 0, forgets = false }: Slice): Promise<LoadResult> {
    this.#child.stdin.write(`${Math.ceil(requests)} ${seconds} ${Math.ceil(warmUp)} ${forgets ? 1 : 0}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`The load on ${this.#socket} failed`);
    return JSON.parse(line.value) as LoadResult;
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}

/** One slice of a load. */
export async function runLoad(socket: string, load: Load, slice: Slice): Promise<LoadResult> {
  const run = new LoadRun(socket, load);
  try {
    return await run.slice(slice);
  } finally {
    await run.close();
  }
}

function argumentsOf(socket: string, load: Load, pids: readonly number[]): string[] {
  const { connections, inFlight, field, status, slowReader } = load;
  const values: Readonly<Record<string, string | number | undefined>> = {
    address: socket,
    request: load.requestFile,
    expect: load.expectFile,
    status,
    field,
    connections,
    "in-flight": inFlight,
    "read-bytes": slowReader?.bytes,
    "read-pause": slowReader?.pause,
  };
  return [
    ...(load.protocol === "fastcgi" ? [] : [`--${load.protocol}`]),
    ...(load.close === true ? ["--close"] : []),
    ...Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
    ...pids.flatMap((pid) => ["--pid", String(pid)]),
  ];
}
