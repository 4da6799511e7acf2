import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import type { ResponderRequest } from "../roles/responder-request.js";
import { visibleTarget } from "../paths/request-target.js";
import { requestLines } from "./header-lines.js";
import type { ListenerSocket } from "./listener-socket.js";

/** What the parser of node:http does; frameworks have relied on it since Node.js 0.10. */
interface Parsed {
  _addHeaderLines(lines: readonly string[], length: number): void;
}

/** The request as an `IncomingMessage`, whose header fields are read when they are asked for. */
export function messageOf(request: ResponderRequest, socket: ListenerSocket): IncomingMessage {
  const message = new IncomingMessage(socket as unknown as Socket);
  message.method = request.method;
  message.url = visibleTarget(request.target);
  // That of the listener's side, as behind a proxy: with 2 libraries would look for the streams of HTTP/2.
  message.httpVersion = "1.1";
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  const lines = requestLines(request);
  (message as unknown as Parsed)._addHeaderLines(lines, lines.length);
  return message;
}
