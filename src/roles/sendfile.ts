import { blamingCaller } from "../diagnostics/caller.js";
import { ConfigurationError } from "../errors.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { utf8AsLatin1 } from "../http/header-fields.js";
import { HttpError } from "../http/http-error.js";
import { Reply, type ReplyInit } from "./reply.js";

/** How the Web server sends a file itself, and what it may send. */
export interface SendfileOptions {
  /** The field that the Web server understands: nginx's `X-Accel-Redirect`, Apache's and lighttpd's `X-Sendfile`. */
  readonly via: "X-Accel-Redirect" | "X-Sendfile" | "X-LIGHTTPD-send-file" | "X-LiteSpeed-Location";
  /**
   * The root of the files. For `X-Accel-Redirect` and `X-LiteSpeed-Location`: the URI of an internal location, such as
   * "/protected"; for the others: a folder, such as "/srv/files".
   */
  readonly root: string;
  /**
   * Whether the Web server percent-decodes the field; true by default. Only readers of `X-Sendfile` may not: mod_xsendfile
   * before 1.0, which Debian has, and Cherokee. It matters only for names with "%".
   */
  readonly decoded?: boolean | undefined;
}

const FIELDS: ReadonlySet<string | undefined> = new Set<SendfileOptions["via"]>([
  "X-Accel-Redirect",
  "X-Sendfile",
  "X-LIGHTTPD-send-file",
  "X-LiteSpeed-Location",
]);

/** Creates a reply that lets the Web server send a file below the root: `send("2026/report.pdf")`. */
export type Sendfile = (path: string, init?: ReplyInit) => Reply;

/**
 * Lets the Web server send files itself, at no cost for the application. The root is declared once, and no path from a
 * request can leave it.
 *
 * The returned function throws an HttpError 404 for a path that leaves the root, or that the field cannot carry.
 *
 * @throws ConfigurationError `ERR_SENDFILE_VIA` for a field that no Web server reads, `ERR_SENDFILE_ROOT` for a root that
 *   is not absolute, `ERR_SENDFILE_DECODED` if `decoded` is false for a field that is always decoded
 */
export function sendfile(options: SendfileOptions): Sendfile {
  blamingCaller(sendfile, () => checkOptions(options));
  const { via, root, decoded = true } = options;
  const prefix = root.replace(/\/+$/, "");
  const encode = encoderOf(via, decoded);
  return (path, init = {}) => {
    const value = isSafePath(path) ? encode(`${prefix}/${path.replace(/^\/+/, "")}`) : undefined;
    if (value === undefined) throw new HttpError(404, "There is no such file.");
    // Without a body, and so without a media type: the server determines that of the file unless `init` has one.
    const answer = new Reply(undefined, { status: 200, ...init });
    answer.headers.setSendfile(via, value);
    return answer;
  };
}

function checkOptions(options: SendfileOptions): void {
  refuseUnknownOptions("sendfile", options);
  const { via, root, decoded = true } = options;
  if (!FIELDS.has(via)) {
    throw new ConfigurationError(
      "ERR_SENDFILE_VIA",
      `Cannot send files: via is ${via === undefined ? "missing" : JSON.stringify(via)}; ` +
        `it must be one of ${[...FIELDS].join(", ")}`,
    );
  }
  if (typeof root !== "string" || !root.startsWith("/") || !isSafePath(root)) {
    throw new ConfigurationError(
      "ERR_SENDFILE_ROOT",
      `Cannot send files by ${via}: root is ${JSON.stringify(root)}, which is not an absolute path`,
    );
  }
  if (!decoded && via !== "X-Sendfile") {
    throw new ConfigurationError(
      "ERR_SENDFILE_DECODED",
      `Cannot send files by ${via}: servers always decode it; omit "decoded", which is for X-Sendfile only`,
    );
  }
}

/** Formats a path as the value of the field; undefined if a server would read another path. */
type Encoder = (path: string) => string | undefined;

function encoderOf(via: SendfileOptions["via"], decoded: boolean): Encoder {
  // nginx, LiteSpeed and lighttpd percent-decode the value, and lighttpd resolves dot segments after that.
  if (via !== "X-Sendfile") return (path) => path.split("/").map(encodeURIComponent).join("/");
  // lighttpd and mod_xsendfile 1.0 decode it, mod_xsendfile 0.12 and Cherokee do not. What has no "%" and no blank at its
  // end is the same to all of them.
  if (decoded)
    return (path) => utf8AsLatin1(path.replaceAll("%", "%25").replace(/[ \t]$/, encodeURIComponent));
  // A field value cannot end with a blank.
  return (path) => (/[ \t]$/.test(path) ? undefined : utf8AsLatin1(path));
}

/**
 * Whether a path cannot leave the folder it is appended to, is valid UTF-8, and has no NUL, which would end it for a C
 * program.
 */
function isSafePath(path: string): boolean {
  // A backslash is a separator on a server that runs on Windows.
  return !/[\0-\x08\x0a-\x1f\x7f]|\p{Surrogate}/u.test(path) && !path.split(/[/\\]/).includes("..");
}
