import { endToEnd } from "../hop-by-hop.js";
import { Reply, type ReplyBody, type ReplyDefaults } from "./reply.js";
import { Allow, Deny } from "./verdict.js";

/** Makes a reply of whatever a handler returned. Throws a TypeError for what has no form on the wire. */
export function toReply(result: unknown, defaults: ReplyDefaults): Reply {
  // Most results, which need no further look.
  if (typeof result === "string") return new Reply(result).applyDefaults(defaults);
  if (result instanceof Reply) return result.applyDefaults(defaults);
  if (isResponse(result)) return fromResponse(result);
  // An error that is returned is meant as one that is thrown, and a denial as the answer that it describes.
  if (result instanceof Error) throw result;
  if (result instanceof Blob) {
    return new Reply(result.stream(), {
      type: result.type === "" ? undefined : result.type,
      headers: { "Content-Length": result.size },
    }).applyDefaults(defaults);
  }
  if (Deny.is(result)) return fromDenial(result);
  if (Allow.is(result)) throw new TypeError("Cannot reply with allow(…): only an authorizer decides");
  if (typeof result === "function" || typeof result === "symbol" || typeof result === "bigint") {
    throw new TypeError(
      `Cannot reply with a ${typeof result}: return text, bytes, a stream, an object or reply(…)`,
    );
  }
  return new Reply(asBytes(result) as ReplyBody).applyDefaults(defaults);
}

/**
 * Whether it is a web `Response`. By its tag first: to touch the class makes Node.js load all of fetch, which takes 9 MiB
 * and 20 ms of a process that needs none of it.
 */
function isResponse(result: unknown): result is Response {
  return (
    typeof result === "object" &&
    result !== null &&
    Object.prototype.toString.call(result) === "[object Response]" &&
    result instanceof Response
  );
}

function fromResponse(response: Response): Reply {
  try {
    const answer = new Reply(response.body, { status: response.status });
    // A field of a `Response` has one character for each byte.
    for (const [name, value] of endToEnd(response.headers)) answer.headers.appendBytes(name, value);
    return answer;
  } catch (error) {
    // Nobody will read the body; that it cannot be cancelled either changes nothing.
    response.body?.cancel(error).catch(() => {});
    throw error;
  }
}

/** `return redirect("/log-in")` and `return deny(403)` read well in a responder too. */
function fromDenial({ status, headers, body, type }: Deny): Reply {
  const answer = new Reply(body, { status, type });
  for (const [name, value] of headers) answer.headers.append(name, value);
  return answer;
}

/** Every other form of bytes is sent as bytes too. */
function asBytes(body: unknown): unknown {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body) && !(body instanceof Uint8Array)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  }
  return body;
}
