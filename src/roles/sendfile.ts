import { ConfigurationError } from "../errors.js";
import { utf8AsLatin1 } from "./header-fields.js";
import { HttpError } from "./http-error.js";
import { Reply, type ReplyInit } from "./reply.js";

/** How a Web server is asked to send a file itself, and what it may send. */
export interface SendfileOptions {
  /** The field that the Web server understands: nginx's `X-Accel-Redirect`, Apache's `X-Sendfile`. */
  readonly via: "X-Accel-Redirect" | "X-Sendfile" | "X-LIGHTTPD-send-file" | "X-LiteSpeed-Location";
  /**
   * What files are below: for `X-Accel-Redirect` and `X-LiteSpeed-Location` the URI of an internal location, such as
   * "/protected"; for the others a folder, such as "/srv/files".
   */
  readonly root: string;
}

/** Makes a reply that lets the Web server send a file below the root: `send("2026/report.pdf")`. */
export type Sendfile = (path: string, init?: ReplyInit) => Reply;

/** The fields whose value is a URI, which is percent-encoded. */
const byUri: ReadonlySet<SendfileOptions["via"]> = new Set(["X-Accel-Redirect", "X-LiteSpeed-Location"]);

/**
 * Lets the Web server send files itself, which costs the application nothing. The root is declared once, and no path
 * that a request brought can leave it.
 *
 * The reply's function throws an HttpError 404 for a path that leaves the root.
 *
 * @throws ConfigurationError `ERR_SENDFILE_ROOT` for a root that is not absolute
 */
export function sendfile({ via, root }: SendfileOptions): Sendfile {
  if (!root.startsWith("/") || hasBadSegment(root)) {
    throw new ConfigurationError(
      "ERR_SENDFILE_ROOT",
      `Cannot send files by ${via}: the root ${JSON.stringify(root)} is no absolute path`,
    );
  }
  const prefix = root.replace(/\/+$/, "");
  return (path, init = {}) => {
    if (hasBadSegment(path)) throw new HttpError(404, "There is no such file.");
    const full = `${prefix}/${path.replace(/^\/+/, "")}`;
    const value = byUri.has(via) ? full.split("/").map(encodeURIComponent).join("/") : utf8AsLatin1(full);
    // Without a body, and so without a media type: the server takes that of the file where `init` has none.
    const answer = new Reply(undefined, { status: 200, ...init });
    answer.headers.setSendfile(via, value);
    return answer;
  };
}

/** Whether a path could lead out of where it is appended, or ends early for a program in C. */
function hasBadSegment(path: string): boolean {
  return /[\0\r\n]/.test(path) || path.split("/").includes("..");
}
