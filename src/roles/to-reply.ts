import { Reply, type ReplyBody, type ReplyDefaults } from "./reply.js";

/** Makes a reply of whatever a handler returned. Throws a TypeError for what has no form on the wire. */
export function toReply(result: unknown, defaults: ReplyDefaults): Reply {
  if (result instanceof Reply) return result.applyDefaults(defaults);
  if (result instanceof Response) return fromResponse(result);
  if (typeof result === "function" || typeof result === "symbol" || typeof result === "bigint") {
    throw new TypeError(
      `Cannot reply with a ${typeof result}: return text, bytes, a stream, an object or reply(…)`,
    );
  }
  return new Reply(result as ReplyBody).applyDefaults(defaults);
}

function fromResponse(response: Response): Reply {
  const answer = new Reply(response.body, { status: response.status });
  for (const [name, value] of response.headers) answer.headers.append(name, value);
  return answer;
}
