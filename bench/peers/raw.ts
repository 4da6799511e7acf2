// The limit: finds the end of STDIN and writes one ready-made answer. It checks nothing and knows no roles.
import { createServer } from "node:net";

import { ready } from "../peer.js";

const content = Buffer.from(
  "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 18\r\n\r\nHello from FastCGI",
);

function answer(high: number, low: number): Buffer {
  const padding = -content.length & 7;
  const end = Buffer.from([1, 6, high, low, 0, 0, 0, 0, 1, 3, high, low, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const head = Buffer.from([1, 6, high, low, 0, content.length, padding, 0]);
  return Buffer.concat([head, content, Buffer.alloc(padding), end]);
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    const answers: Buffer[] = [];
    for (let at = 0; at + 8 <= chunk.length;) {
      const length = (chunk[at + 4]! << 8) | chunk[at + 5]!;
      if (chunk[at + 1] === 5 && length === 0) answers.push(answer(chunk[at + 2]!, chunk[at + 3]!));
      at += 8 + length + chunk[at + 6]!;
    }
    if (answers.length > 0) socket.write(answers.length === 1 ? answers[0]! : Buffer.concat(answers));
  });
});
ready(server);
