import { FastCgiClient, type ClientResponse } from "tricorn/client";
import { TestAnswer } from "tricorn/testing";
import { onTestFinished } from "vitest";

import type { Definition } from "../../src/roles/definitions.js";
import { passToResponder } from "../../src/testing/behind.js";
import { bodyOf, httpRequestOf, type TestRequest } from "../../src/testing/test-request.js";
import { serveDefinitions, turns, type LogLine, type ServedOptions } from "../support/served.js";

/** The options of a test's request. */
export interface Visit extends TestRequest {
  /** A body that is streamed. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** Handlers that are served over a socket, and a client that plays the Web server. */
export interface ServedHandlers {
  readonly client: FastCgiClient;
  readonly log: readonly LogLine[];
  /** The whole answer. */
  visit(target: string, visit?: Visit): Promise<TestAnswer>;
  /** The answer as soon as its header block has arrived. */
  open(target: string, visit?: Visit): Promise<ClientResponse>;
}

/** Serves definitions on a unix socket until the test ends. */
export async function serveHandlers(
  definitions: Definition | readonly Definition[],
  options: ServedOptions = {},
): Promise<ServedHandlers> {
  const list = "kind" in definitions ? [definitions] : definitions;
  const { address, log } = await serveDefinitions(list, { over: "unix", ...options });
  const client = new FastCgiClient({ address });
  onTestFinished(() => client.destroy());
  const open = async (target: string, { stdin, ...request }: Visit = {}): Promise<ClientResponse> => {
    const body = await bodyOf(request);
    const { params } = passToResponder(httpRequestOf(target, request, body), undefined);
    const own = Object.entries(request.params ?? {});
    const kept = params.filter(([name]) => !own.some(([one]) => one === name));
    return client.request({ params: [...kept, ...own], stdin: stdin ?? body.bytes, signal: request.signal });
  };
  return {
    client,
    log,
    open,
    visit: async (target, visit) => TestAnswer.collect(await open(target, visit)),
  };
}

/** The fields of an answer as an object; a repeated one has all of its values. */
export function fieldsOf({ headers }: TestAnswer | ClientResponse): Record<string, string> {
  return Object.fromEntries(Array.from(headers, ([name]) => [name.toLowerCase(), headers.get(name)!]));
}

/** A number of MiB in pieces, generated as they are read. */
export async function* mebibytes(count: number): AsyncGenerator<Buffer> {
  for (let piece = 0; piece < count * 16; piece += 1) yield Buffer.alloc(64 * 1024, piece % 251);
}

/** An upload that counts how much of it was read. */
export class CountedUpload implements AsyncIterable<Uint8Array> {
  readonly #pieces: AsyncIterable<Uint8Array>;
  /** Bytes read so far. */
  sent = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#pieces) {
      this.sent += piece.length;
      yield piece;
    }
  }

  /** Resolves when no more of it is read. */
  async stands(): Promise<void> {
    for (let before = -1; before !== this.sent; await turns(50)) before = this.sent;
  }
}
