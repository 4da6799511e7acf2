// SCGI as a Web server writes it and reads it, kept apart from src/ on purpose: a mistake there must not hide here.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

import { variablesOf } from "./records.js";

/** Headers: name NUL value NUL. */
export function headers(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}\0${value}\0`).join("");
}

/** A netstring. */
export function netstring(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text)}:${text},`);
}

/** A whole request, with the length of its body first. */
export function scgiRequest(
  target: string,
  {
    body = "",
    params = {},
  }: { readonly body?: string | Buffer; readonly params?: Record<string, string> } = {},
): Buffer {
  const { CONTENT_LENGTH = String(Buffer.byteLength(body)), ...more } = params;
  const pairs = Object.entries({ CONTENT_LENGTH, SCGI: "1", ...variablesOf(target), ...more });
  return Buffer.concat([netstring(headers(pairs)), Buffer.from(body as string)]);
}

/** The answer of an application. */
export interface ScgiAnswer {
  readonly bytes: Buffer;
  /** The lines of the header block. */
  readonly head: readonly string[];
  /** From the first line, `Status`; NaN if there is none. */
  readonly status: number;
  readonly body: Buffer;
  readonly text: string;
  /** Whether the connection ended by a reset, which tells that the answer is not whole. */
  readonly isReset: boolean;
}

/** A connection to an application that listens on `scgi:`. Closed when the test ends. */
export class ScgiPeer {
  readonly socket: Socket;
  readonly #isTcp: boolean;
  readonly #pieces: Buffer[] = [];
  #error: NodeJS.ErrnoException | undefined;

  private constructor(socket: Socket, isTcp: boolean) {
    this.socket = socket;
    this.#isTcp = isTcp;
    socket.on("data", (piece: Buffer) => this.#pieces.push(piece));
    socket.on("error", (error) => {
      this.#error = error;
    });
  }

  static async connect(address: string): Promise<ScgiPeer> {
    const place = address.replace(/^scgi:/, "");
    const [, host, port] = /^(.+):(\d+)$/.exec(place) ?? [];
    const socket =
      port === undefined
        ? connect({ path: place.replace(/^unix:/, ""), allowHalfOpen: true })
        : connect({ host: host!, port: Number(port), allowHalfOpen: true });
    const peer = new ScgiPeer(socket, port !== undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return peer;
  }

  send(...parts: readonly (string | Uint8Array)[]): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** Resolves when text has come. */
  async received(text: string): Promise<void> {
    while (!Buffer.concat(this.#pieces).includes(text)) await once(this.socket, "data");
  }

  /** The answer, when the application has ended it. */
  async answer(): Promise<ScgiAnswer> {
    if (!this.socket.readableEnded && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.socket.once("end", resolve).once("close", () => resolve());
      });
    }
    // A reset that comes together with bytes looks like an end to Node.js; over TCP it fails the next write, and an end does not.
    if (this.#isTcp && this.socket.writable) {
      await new Promise((resolve) => {
        this.socket.write("?", resolve);
      });
    }
    const bytes = Buffer.concat(this.#pieces);
    const blank = bytes.indexOf("\r\n\r\n");
    const head = blank < 0 ? [] : bytes.toString("latin1", 0, blank).split("\r\n");
    const body = blank < 0 ? Buffer.alloc(0) : bytes.subarray(blank + 4);
    return {
      bytes,
      head,
      status: Number(/^Status: (\d{3})\b/.exec(head[0] ?? "")?.[1] ?? Number.NaN),
      body,
      text: body.toString(),
      isReset: this.#error?.code === "ECONNRESET" || this.#error?.code === "EPIPE",
    };
  }
}

/** Sends bytes on a connection of their own, and returns the answer. */
export async function askScgi(
  address: string,
  ...parts: readonly (string | Uint8Array)[]
): Promise<ScgiAnswer> {
  const peer = await ScgiPeer.connect(address);
  return peer.send(...parts).answer();
}
