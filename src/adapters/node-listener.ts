import type { IncomingMessage, ServerResponse } from "node:http";

import { blamingCaller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { ResponderDefinition } from "../roles/definitions.js";
import type { Reply } from "../roles/reply.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { everythingBelow, type AdapterOptions } from "./everything-below.js";
import { ListenerAnswer } from "./listener-answer.js";
import { ListenerSocket } from "./listener-socket.js";

/** What `http.createServer` takes: an Express application, `callback()` of Koa, `routing` of Fastify, any such function. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Makes a responder of a request listener of node:http: `serve([nodeListener(app)])`.
 *
 * Request and response are an `IncomingMessage` and a `ServerResponse`; what is written becomes a reply, so that
 * middleware of the application sees it. What the listener throws or rejects with is logged and answered by 500.
 */
export function nodeListener(listener: NodeListener, given: AdapterOptions = {}): ResponderDefinition {
  blamingCaller(nodeListener, () => refuseUnknownOptions("nodeListener", given));
  const { name = "nodeListener", ...options } = given;
  return everythingBelow({ name, ...options }, (request): Reply | Promise<Reply> => {
    const answer = new ListenerAnswer(request);
    try {
      const running = listener(answer.message, answer.response);
      if (running instanceof Promise) running.then(undefined, (error: unknown) => answer.fail(error));
    } catch (error) {
      answer.fail(error);
    }
    return answer.take();
  });
}

/**
 * The request as Tricorn knows it, with the params, of one that a {@link nodeListener} was called with: who has been
 * authenticated, for one. Undefined where the request came over HTTP.
 */
export function requestOf(request: IncomingMessage): ResponderRequest | undefined {
  const socket: unknown = request.socket;
  return socket instanceof ListenerSocket ? socket.request : undefined;
}
