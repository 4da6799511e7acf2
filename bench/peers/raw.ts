// The limit: a server that only finds the end of a request and writes a prepared answer. It checks nothing and has
// no roles. What it answers depends on the socket: hello, close (the same, then a graceful end), echo, large.
import { createServer, type Server } from "node:net";

import { LARGE, HELLO } from "./bodies.js";
import { socketPath } from "./socket-path.js";

type Mode = "hello" | "close" | "echo" | "large";

const headOf = (length: number): string =>
  `Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${length}\r\n\r\n`;

function record(type: number, id: number, content: Buffer): Buffer {
  const padding = -content.length & 7;
  const header = [1, type, id >> 8, id & 0xff, content.length >> 8, content.length & 0xff, padding, 0];
  return Buffer.concat([Buffer.from(header), content, Buffer.alloc(padding)]);
}

const END = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0]);
const NOTHING = Buffer.alloc(0);
const closing = (id: number): Buffer => Buffer.concat([record(6, id, NOTHING), record(3, id, END)]);
const hello = record(6, 0, Buffer.from(headOf(HELLO.length) + HELLO));
/** The whole answer except the id, and the offsets of the id. */
const ready = Buffer.concat([hello, closing(0)]);
const idPlaces = [2, hello.length + 2, hello.length + 10];

/** The same answer to several requests, in one buffer. */
function greet(ids: readonly number[]): Buffer {
  const answers = Buffer.allocUnsafe(ids.length * ready.length);
  let at = 0;
  for (const id of ids) {
    ready.copy(answers, at);
    for (const place of idPlaces) {
      answers[at + place] = id >> 8;
      answers[at + place + 1] = id & 0xff;
    }
    at += ready.length;
  }
  return answers;
}

/** The answer to an echoed request, or the large body; in pieces. */
function answer(id: number, pieces: readonly Buffer[]): Buffer[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const written = [record(6, id, Buffer.from(headOf(length)))];
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += 65_528) {
      const content = piece.subarray(at, at + 65_528);
      const padding = -content.length & 7;
      written.push(
        Buffer.of(1, 6, id >> 8, id & 0xff, content.length >> 8, content.length & 0xff, padding, 0),
      );
      written.push(content);
      if (padding > 0) written.push(Buffer.alloc(padding));
    }
  }
  written.push(closing(id));
  return written;
}

function serverOf(mode: Mode): Server {
  const greets = mode === "hello" || mode === "close";
  return createServer({ noDelay: true }, (socket) => {
    const header = Buffer.alloc(8);
    let headerLength = 0;
    let content = 0;
    let padding = 0;
    let stdin: Buffer[] = [];
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      const greeted: number[] = [];
      const answers: Buffer[] = [];
      for (let at = 0; at < chunk.length;) {
        if (headerLength < 8) {
          const taken = chunk.copy(header, headerLength, at, at + 8 - headerLength);
          headerLength += taken;
          at += taken;
          if (headerLength < 8) break;
          content = (header[4]! << 8) | header[5]!;
          padding = header[6]!;
          if (header[1] === 5 && content === 0) {
            const id = (header[2]! << 8) | header[3]!;
            if (greets) greeted.push(id);
            else answers.push(...answer(id, mode === "large" ? [LARGE] : stdin));
            stdin = [];
          }
        }
        const piece = Math.min(content, chunk.length - at);
        if (piece > 0 && header[1] === 5) stdin.push(chunk.subarray(at, at + piece));
        content -= piece;
        at += piece;
        const skipped = Math.min(padding, chunk.length - at);
        padding -= skipped;
        at += skipped;
        if (content === 0 && padding === 0) headerLength = 0;
      }
      if (greeted.length > 0) socket.write(greet(greeted));
      if (mode === "close" && greeted.length > 0) socket.end();
      if (answers.length === 0) return;
      socket.cork();
      for (const one of answers) socket.write(one);
      socket.uncork();
    });
  });
}

for (const mode of ["close", "echo", "large"] as const) serverOf(mode).listen(`${socketPath}.${mode}`);
serverOf("hello").listen(socketPath);
