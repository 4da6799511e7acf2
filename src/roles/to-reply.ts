import { checkBody } from "./reply-content.js";
import { Reply, answerOf, type ReplyBody, type ReplyDefaults } from "./reply.js";

/**
 * Makes a reply of whatever a handler returned. An error that is returned is meant as one that is thrown, and a denial as
 * the answer that it describes.
 *
 * @throws ReplyBodyError for what has no form on the wire
 */
export function toReply(result: unknown, defaults: ReplyDefaults): Reply {
  // Most results, which need no further look.
  if (typeof result === "string") return new Reply(result).applyDefaults(defaults);
  if (result instanceof Reply) return result.applyDefaults(defaults);
  const made = answerOf(result);
  if (made !== undefined) return made;
  checkBody(result);
  return new Reply(result as ReplyBody).applyDefaults(defaults);
}
