import type { IncomingMessage, ServerResponse } from "node:http";

import { blamingCaller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { ResponderDefinition } from "../roles/definitions.js";
import type { Reply } from "../roles/reply.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { catchAllResponder, type AdapterOptions } from "./catch-all.js";
import { ListenerAnswer } from "./listener-answer.js";
import { ListenerSocket } from "./listener-socket.js";

/** A listener as `http.createServer` takes it: an Express application, `callback()` of Koa, `routing` of Fastify. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Creates a responder from a request listener of node:http: `serve([nodeListener(app)])`.
 *
 * Request and response are an `IncomingMessage` and a `ServerResponse`; the response becomes a reply, which middleware of the
 * application receives. An error that the listener throws or rejects with is logged and answered with 500.
 */
export function nodeListener(listener: NodeListener, given: AdapterOptions = {}): ResponderDefinition {
  blamingCaller(nodeListener, () => refuseUnknownOptions("nodeListener", given));
  const { name = "nodeListener", ...options } = given;
  return catchAllResponder({ name, ...options }, (request): Reply | Promise<Reply> => {
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
 * The {@link ResponderRequest} of a request that a {@link nodeListener} received, with the params and the authenticated user.
 * Undefined if the request came over HTTP.
 */
export function requestOf(request: IncomingMessage): ResponderRequest | undefined {
  const socket: unknown = request.socket;
  return socket instanceof ListenerSocket ? socket.request : undefined;
}
