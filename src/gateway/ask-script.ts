import { Role } from "../protocol/constants.js";
import { sendResponse } from "./application-response.js";
import { askApplication, completeResponse, type ApplicationAccess } from "./ask-application.js";
import { addBodyParams } from "./cgi-params.js";
import type { HttpExchange } from "./http-exchange.js";
import type { Script } from "./scripts.js";
import { respondWithStatus } from "./status-response.js";

/** What the request to a script depends on besides the HTTP request. */
export interface ScriptContext {
  /** The common variables and those of the authorizer. More are added. */
  readonly params: Map<string, string>;
  readonly script: Script;
  /** The document root as the application sees it. */
  readonly documentRoot: string;
  /** The most bytes of a body without a length. */
  readonly collectedBytes: number;
}

/**
 * Lets an application run a script, in the responder role (section 6.2). SCRIPT_FILENAME names the file, SCRIPT_NAME its path, and
 * PATH_INFO what follows in the path of the request (RFC 3875, section 4.1).
 */
export async function askScript(
  application: ApplicationAccess,
  exchange: HttpExchange,
  { params, script, documentRoot, collectedBytes }: ScriptContext,
): Promise<void> {
  const { name, realName, pathInfo } = script;
  params.set("SCRIPT_NAME", name);
  params.set("SCRIPT_FILENAME", documentRoot + realName);
  if (pathInfo !== "") {
    params.set("PATH_INFO", pathInfo);
    params.set("PATH_TRANSLATED", documentRoot + pathInfo);
  }
  // php-cgi refuses to run without it: a client could have asked for it directly (cgi.force_redirect).
  params.set("REDIRECT_STATUS", "200");
  let stdin: AsyncIterable<Uint8Array> | Uint8Array | undefined = exchange.body();
  if (stdin !== undefined && exchange.request.headers["content-length"] === undefined) {
    const body = await collect(stdin, collectedBytes);
    if (body === undefined) {
      respondWithStatus(exchange.response, 413);
      return;
    }
    params.set("CONTENT_LENGTH", String(body.length));
    stdin = body;
  } else {
    addBodyParams(params, exchange.request);
  }
  const response = await askApplication(application, {
    role: Role.Responder,
    params,
    stdin,
    signal: exchange.signal,
  });
  await sendResponse(exchange, completeResponse(response));
}

/** The whole body; undefined if it is longer than the limit. */
async function collect(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > limit) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}
